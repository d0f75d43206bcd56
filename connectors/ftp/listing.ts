/** Which files a prefix means: Embulk's rules, those of sub-folders included, in sorted order. */
import { posix } from 'node:path';
import type { FileInfo } from 'basic-ftp';
import type { Context } from '#spi/context.ts';
import { remoteFileErrors } from '#connectors/remote-files/errors.ts';
import { selectFiles } from '#connectors/remote-files/selection.ts';
import type { RemoteFile } from '#connectors/remote-files/selection.ts';
import type { FtpInputConfig } from './config.ts';
import type { FtpSession } from './session.ts';
import { absolutePath } from './store.ts';
import type { FtpStore } from './store.ts';

/** Folders looked into, at most: protects against a prefix such as `/`. */
const FOLDERS_MAX = 100_000;

export async function listFiles(store: FtpStore, config: FtpInputConfig, ctx: Context): Promise<RemoteFile[]> {
  return store.use((session) => {
    const prefix = absolutePath(config.path_prefix, session);
    const urls = { place: store.urlOf(prefix), urlOf: (path: string) => store.urlOf(path) };
    const { last_path: last } = config;
    const resolved = last === undefined ? config : { ...config, last_path: absolutePath(last, session) };
    return selectFiles(filesOf(new Lister(session, store, config), prefix), resolved, urls, ctx);
  });
}

class Lister {
  readonly session: FtpSession;
  readonly #store: FtpStore;
  readonly #asksTimes: boolean;

  constructor(session: FtpSession, store: FtpStore, config: FtpInputConfig) {
    this.session = session;
    this.#store = store;
    this.#asksTimes = config.use_modified_time;
  }

  async folder(path: string): Promise<readonly FileInfo[]> {
    const place = this.#store.urlOf(path);
    const entries = await this.session.list(path, `listing ${place}`);
    if (entries !== undefined) return entries;
    throw remoteFileErrors.error('REMOTE_FILE_FOLDER_NOT_FOUND', { place }, { where: { path: ['path_prefix'] } });
  }

  async file(path: string, { size, modifiedAt }: FileInfo): Promise<RemoteFile> {
    // Listings in the form of `ls` have times without seconds and zone: the library leaves them out.
    const isAsked = modifiedAt === undefined && this.#asksTimes;
    const mtime = isAsked
      ? await this.session.modified(path, `looking at ${this.#store.urlOf(path)}`)
      : modifiedAt?.getTime();
    return { path, size, ...(mtime === undefined ? {} : { mtime }) };
  }
}

async function* filesOf(lister: Lister, prefix: string): AsyncGenerator<RemoteFile> {
  const folder = prefix.endsWith('/') ? prefix : posix.join(posix.dirname(prefix), '/');
  const namePrefix = prefix.slice(folder.length);
  const waiting = [{ folder, namePrefix }];
  let count = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    count += 1;
    if (count > FOLDERS_MAX) {
      throw remoteFileErrors.error('REMOTE_FILE_LISTING_LIMIT', { limit: FOLDERS_MAX, place: prefix });
    }
    for (const entry of await lister.folder(next.folder)) {
      if (entry.name === '.' || entry.name === '..' || !entry.name.startsWith(next.namePrefix)) continue;
      const path = next.folder + entry.name;
      if (entry.isDirectory) waiting.push({ folder: `${path}/`, namePrefix: '' });
      else if (entry.isFile) yield await lister.file(path, entry);
    }
  }
}
