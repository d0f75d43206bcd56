/** What an SFTP server can be asked before a job relies on it. */
import { posix } from 'node:path';
import type { Stats } from 'ssh2';
import { checksOf } from '#spi/connections.ts';
import type { Connection, ConnectionUse } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import { connectStep, resolveStep } from '#connectors/network/reachability.ts';
import { browseFolder, explorerSteps } from '#connectors/remote-files/explorer.ts';
import type { Explorer, FolderEntry, Place } from '#connectors/remote-files/explorer.ts';
import type { SftpConnectionConfig } from './config.ts';
import { SftpStore } from './store.ts';

export const sftpConnection: Connection<SftpConnectionConfig> = {
  async *test(config, ctx, use) {
    await using explorer = new SftpExplorer(config, ctx);
    // What is connected to from here: the proxy, or the bastion host, or the server itself.
    const { host, port } = config.proxy ?? config.ssh_tunnel ?? config;
    const patience = { timeoutMs: config.timeout * 1000, signal: ctx.signal };
    yield* checksOf([
      resolveStep({ host, port }, patience),
      connectStep({ host, port }, patience),
      ...explorerSteps(explorer, config.path_prefix, use),
    ]);
  },

  async browse(config, request, ctx) {
    await using explorer = new SftpExplorer(config, ctx);
    return browseFolder(explorer, config.path_prefix, request);
  },
};

class SftpExplorer implements Explorer {
  readonly denials: readonly string[] = ['SFTP_DENIED'];
  readonly #store: SftpStore;
  readonly #user: string;

  constructor(config: SftpConnectionConfig, ctx: Context) {
    // A person waits for the answer, and can ask again.
    this.#store = new SftpStore({ ...config, max_connection_retry: 0 }, ctx);
    this.#user = config.user;
    this.#store.retain();
  }

  async logIn(): Promise<string> {
    const session = await this.#store.session();
    const { type, fingerprint } = session.hostKey;
    const folder = this.#store.remote('/');
    return `${this.#user} is let in to ${folder} by the server with the ${type} key ${fingerprint}.`;
  }

  urlOf(path: string): string {
    return this.#store.urlOf(path);
  }

  async placeOf(prefix: string, use: ConnectionUse | undefined): Promise<Place> {
    const path = this.#store.path(prefix);
    const isNamed = path.endsWith('/') || (use !== 'out' && (await this.#stat(path))?.isDirectory() === true);
    return isNamed
      ? { folder: path, namePrefix: '' }
      : { folder: posix.dirname(path), namePrefix: posix.basename(path) };
  }

  entries(folder: string): Promise<readonly FolderEntry[] | undefined> {
    return this.#store.use(async (session, remote) => {
      const pages = await session.list(remote(folder), { action: 'listing', file: this.urlOf(folder) });
      if (pages === undefined) return undefined;
      const found: FolderEntry[] = [];
      for await (const page of pages) {
        for (const { filename, attrs } of page) {
          if (filename !== '.' && filename !== '..') found.push(entryOf(filename, attrs));
        }
      }
      return found;
    });
  }

  async follow(path: string): Promise<FolderEntry | undefined> {
    const stats = await this.#stat(path);
    return stats === undefined ? undefined : entryOf(posix.basename(path), stats);
  }

  async readByte(path: string): Promise<void> {
    const doing = { action: 'reading', file: this.urlOf(path) };
    await this.#store.use(async (session, remote) => {
      const handle = await session.open(remote(path), 'r', doing);
      await session.read(handle, Buffer.alloc(1), 0, doing);
      await session.closeHandle(handle, doing);
    });
  }

  async writeAndRemove(path: string): Promise<void> {
    const doing = { action: 'writing', file: this.urlOf(path) };
    await this.#store.use(async (session, remote) => {
      const handle = await session.open(remote(path), 'wx', doing);
      try {
        await session.write(handle, Buffer.from('ropeway'), 0, doing);
        await session.closeHandle(handle, doing);
      } finally {
        await session.remove(remote(path), { ...doing, action: 'removing' });
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#store.release();
    await this.#store[Symbol.asyncDispose]();
  }

  #stat(path: string): Promise<Stats | undefined> {
    const doing = { action: 'looking at', file: this.urlOf(path) };
    return this.#store.use((session, remote) => session.stat(remote(path), doing));
  }
}

function entryOf(name: string, stats: Stats): FolderEntry {
  const kind = stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : stats.isFile() ? 'file' : 'other';
  return kind === 'file' ? { name, kind, size: stats.size, mtime: stats.mtime * 1000 } : { name, kind };
}
