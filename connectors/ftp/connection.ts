/** What an FTP server can be asked before a job relies on it. */
import type { Socket } from 'node:net';
import { posix } from 'node:path';
import { checksOf } from '#spi/connections.ts';
import type { Connection, ConnectionUse } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import { connectStep, resolveStep } from '#connectors/network/reachability.ts';
import { tlsStep } from '#connectors/network/tls-check.ts';
import { browseFolder, explorerSteps } from '#connectors/remote-files/explorer.ts';
import type { Explorer, FolderEntry, Place } from '#connectors/remote-files/explorer.ts';
import type { FtpConnectionConfig } from './config.ts';
import { ftpErrors } from './errors.ts';
import { portOf, tlsConfigOf } from './session.ts';
import { absolutePath, FtpStore } from './store.ts';

/** For each of the first checks. */
const CHECK_TIMEOUT_MS = 30_000;
/** What a server may say before TLS begins. */
const GREETING_CHARS_MAX = 10_000;

export const ftpConnection: Connection<FtpConnectionConfig> = {
  async *test(config, ctx, use) {
    await using explorer = new FtpExplorer(config, ctx);
    const endpoint = { host: config.host, port: portOf(config) };
    const patience = { timeoutMs: CHECK_TIMEOUT_MS, signal: ctx.signal };
    const server = `${endpoint.host}:${endpoint.port}`;
    const prepare = config.ssl_explicit ? { prepare: (socket: Socket) => askForTls(socket, server) } : {};
    yield* checksOf([
      resolveStep(endpoint, patience),
      connectStep(endpoint, patience),
      tlsStep(endpoint, tlsConfigOf(config), { ...patience, ...prepare }),
      ...explorerSteps(explorer, config.path_prefix, use),
    ]);
  },

  async browse(config, request, ctx) {
    await using explorer = new FtpExplorer(config, ctx);
    return browseFolder(explorer, config.path_prefix, request);
  },
};

/** The server greets, and is asked for TLS. */
async function askForTls(socket: Socket, server: string): Promise<void> {
  await answered(socket, server, '220');
  socket.write('AUTH TLS\r\n');
  await answered(socket, server, '234');
}

/** Waits for the last line of an answer, which begins with its code and a blank. */
async function answered(socket: Socket, server: string, expected: string): Promise<void> {
  let said = '';
  while (!/^\d{3} .*\r?\n$/m.test(said)) {
    if (said.length > GREETING_CHARS_MAX)
      throw ftpErrors.error('FTP_TLS', { server, reason: 'it talks without an end' });
    said += await chunkOf(socket, server);
  }
  const last = /^(\d{3}) (.*)\r?\n$/m.exec(said);
  if (last?.[1] !== expected) throw ftpErrors.error('FTP_TLS', { server, reason: said.trim() });
}

async function chunkOf(socket: Socket, server: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const onData = (chunk: Buffer): void => resolve(chunk.toString('latin1'));
  const onClose = (): void => reject(ftpErrors.error('FTP_TLS', { server, reason: 'the server hung up' }));
  socket.once('data', onData).once('error', reject).once('close', onClose);
  try {
    return await promise;
  } finally {
    socket.off('data', onData).off('error', reject).off('close', onClose);
  }
}

class FtpExplorer implements Explorer {
  readonly denials: readonly string[] = ['FTP_REFUSED'];
  readonly #store: FtpStore;
  readonly #user: string;

  constructor(config: FtpConnectionConfig, ctx: Context) {
    // A person waits for the answer, and can ask again.
    this.#store = new FtpStore({ ...config, max_connection_retry: 0 }, ctx);
    this.#user = config.user ?? 'anonymous';
  }

  logIn(): Promise<string> {
    return this.#store.use(async ({ home }) => `${this.#user} is let in to ${home}.`);
  }

  urlOf(path: string): string {
    return this.#store.urlOf(path);
  }

  placeOf(prefix: string, use: ConnectionUse | undefined): Promise<Place> {
    return this.#store.use(async (session) => {
      const path = absolutePath(prefix, session);
      if (path.endsWith('/')) return { folder: path, namePrefix: '' };
      const isFolder = use === undefined && (await session.list(path, `listing ${this.urlOf(path)}`)) !== undefined;
      return isFolder
        ? { folder: path, namePrefix: '' }
        : { folder: posix.dirname(path), namePrefix: posix.basename(path) };
    });
  }

  entries(folder: string): Promise<readonly FolderEntry[] | undefined> {
    return this.#store.use(async (session) => {
      const entries = await session.list(folder, `listing ${this.urlOf(folder)}`);
      return entries
        ?.filter(({ name }) => name !== '.' && name !== '..')
        .map(({ name, isDirectory, isFile, isSymbolicLink, size, modifiedAt }): FolderEntry => {
          const kind = isDirectory ? 'folder' : isFile ? 'file' : isSymbolicLink ? 'link' : 'other';
          return kind === 'file' ? { name, kind, size, mtime: modifiedAt?.getTime() } : { name, kind };
        });
    });
  }

  async readByte(path: string): Promise<void> {
    const session = await this.#store.take();
    try {
      for await (const _ of session.download(path, 0, `reading ${this.urlOf(path)}`)) return;
    } finally {
      // The transfer was left in its middle.
      session.close();
    }
  }

  async writeAndRemove(path: string): Promise<void> {
    const action = `writing ${this.urlOf(path)}`;
    await this.#store.use(async (session) => {
      await session.upload(path, Buffer.from('ropeway'), action);
      await session.remove(path, action);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#store[Symbol.dispose]();
  }
}
