/** Which files a prefix means: those of a folder, the one that it names, or those whose names begin with it. */
import { posix } from 'node:path';
import type { FileEntryWithStats, Stats } from 'ssh2';
import type { Context } from '#spi/context.ts';
import { remoteFileErrors } from '#connectors/remote-files/errors.ts';
import { selectFiles } from '#connectors/remote-files/selection.ts';
import type { RemoteFile } from '#connectors/remote-files/selection.ts';
import type { SftpInputConfig } from './config.ts';
import type { Doing, SftpSession } from './session.ts';
import type { SftpStore } from './store.ts';

export async function listFiles(store: SftpStore, config: SftpInputConfig, ctx: Context): Promise<RemoteFile[]> {
  const path = store.path(config.path_prefix);
  const place = { place: store.urlOf(path), urlOf: (of: string) => store.urlOf(of) };
  return store.use((session, remote) => {
    const found = filesOf({ session, remote, doing: { action: 'listing', file: place.place } }, path);
    return selectFiles(found, config, place, ctx);
  });
}

interface Lister {
  readonly session: SftpSession;
  readonly remote: (path: string) => string;
  readonly doing: Doing;
}

async function* filesOf(lister: Lister, prefix: string): AsyncGenerator<RemoteFile> {
  const stats = await lister.session.stat(lister.remote(prefix), lister.doing);
  if (stats?.isFile() === true) {
    yield remoteFile(prefix, stats);
    return;
  }
  const isFolder = stats?.isDirectory() === true || prefix.endsWith('/');
  const folder = isFolder ? prefix.replace(/\/$/, '') : posix.dirname(prefix).replace(/\/$/, '');
  const pages = await lister.session.list(lister.remote(`${folder}/`), lister.doing);
  if (pages === undefined) throw noFolder(lister.doing);
  for await (const page of pages) yield* filesOfPage(lister, page, folder, isFolder ? '' : posix.basename(prefix));
}

async function* filesOfPage(
  { session, remote, doing }: Lister,
  page: readonly FileEntryWithStats[],
  folder: string,
  namePrefix: string,
): AsyncGenerator<RemoteFile> {
  for (const { filename, attrs } of page) {
    if (filename === '.' || filename === '..' || !filename.startsWith(namePrefix)) continue;
    const path = `${folder}/${filename}`;
    // What a link leads to counts; one that leads nowhere is no file.
    const stats = attrs.isSymbolicLink() ? await session.stat(remote(path), doing) : attrs;
    if (stats?.isFile() === true) yield remoteFile(path, stats);
  }
}

function remoteFile(path: string, { size, mtime }: Stats): RemoteFile {
  return { path, size, mtime: mtime * 1000 };
}

function noFolder({ file }: Doing): Error {
  const params = { place: file.slice(0, file.lastIndexOf('/') + 1) };
  return remoteFileErrors.error('REMOTE_FILE_FOLDER_NOT_FOUND', params, { where: { path: ['path_prefix'] } });
}
