/** A local folder as a connection: is it there, may it be read and written to, and what is in it. */
import { randomBytes } from 'node:crypto';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { checksOf } from '#spi/connections.ts';
import type { BrowseRequest, Connection, ConnectionUse, Entry, EntryPage } from '#spi/connections.ts';
import { systemReason } from '#spi/system-reason.ts';
import type { FileConnectionConfig } from './config.ts';
import { fileErrors } from './errors.ts';
import { firstMissing, statOf } from './listing.ts';

/** Names of a folder that are held to be sorted: a folder with more is no place to look around in. */
const NAMES_MAX = 1_000_000;

export const fileConnection: Connection<FileConnectionConfig> = {
  test(config, _ctx, use) {
    let folder = '';
    let first: string | undefined;
    return checksOf([
      {
        name: 'list',
        run: async () => {
          const place = await placeOf(config, use);
          const { namePrefix } = place;
          folder = place.folder;
          await checkFolder(folder);
          const names = await namesIn(folder, namePrefix);
          first = await firstFile(folder, names);
          const found = `${names.length} ${names.length === 1 ? 'name' : 'names'}`;
          return namePrefix === '' ? `${folder} has ${found}.` : `${folder} has ${found} beginning with ${namePrefix}.`;
        },
      },
      {
        name: 'read',
        run: async () => (use === 'out' || first === undefined ? undefined : readByte(first)),
      },
      { name: 'write', run: async () => (use === 'in' ? undefined : writeScratch(folder)) },
    ]);
  },

  async browse(config, { path, after, limit, prefix = '' }) {
    const { folder, namePrefix } = await placeOf(config);
    const place = join(folder, ...path.map(checkedName));
    await checkFolder(place);
    const wanted = path.length === 0 && prefix === '' ? namePrefix : prefix;
    return page(place, await namesIn(place, wanted), { after, limit });
  },
};

interface Place {
  readonly folder: string;
  readonly namePrefix: string;
}

/** As the input understands a prefix, or the output: that a folder has this name means nothing to the latter. */
async function placeOf({ path_prefix: prefix }: FileConnectionConfig, use?: ConnectionUse): Promise<Place> {
  const isFolder = prefix.endsWith('/') || (use !== 'out' && (await statOf(prefix))?.isDirectory() === true);
  return { folder: resolve(isFolder ? prefix : dirname(prefix)), namePrefix: isFolder ? '' : basename(prefix) };
}

/** A name that leads out of its folder would show what the config does not name. */
function checkedName(name: string): string {
  if (name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name)) return name;
  throw fileErrors.error('FILE_BROWSE_NAME', { name: JSON.stringify(name) });
}

async function checkFolder(folder: string): Promise<void> {
  const stats = await statOf(folder);
  if (stats?.isDirectory() === true) return;
  const missing = stats === undefined ? await firstMissing(folder) : folder;
  throw fileErrors.error('FILE_FOLDER_NOT_FOUND', { folder, missing }, { where: { path: ['path_prefix'] } });
}

/** Sorted, as the input sorts. */
async function namesIn(folder: string, prefix: string): Promise<string[]> {
  const all = await reading(folder, () => readdir(folder));
  const names = all.filter((name) => name.startsWith(prefix));
  if (names.length > NAMES_MAX) throw fileErrors.error('FILE_WALK_LIMIT', { limit: NAMES_MAX, prefix });
  return names.sort();
}

async function reading<T>(folder: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw fileErrors.error('FILE_FOLDER_UNREADABLE', { file: folder, reason }, { cause: error });
  }
}

async function firstFile(folder: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const path = join(folder, name);
    if ((await stat(path).catch(() => undefined))?.isFile() === true) return path;
  }
  return undefined;
}

async function readByte(path: string): Promise<string> {
  try {
    await using handle = await open(path, 'r');
    await handle.read(Buffer.alloc(1), 0, 1, 0);
    return `${path} can be read.`;
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw fileErrors.error('FILE_UNREADABLE', { file: path, reason }, { where: { file: path }, cause: error });
  }
}

/** A name that nobody else has, hidden, and gone again at once. */
async function writeScratch(folder: string): Promise<string> {
  const path = join(folder, `.ropeway-test-${randomBytes(8).toString('hex')}`);
  try {
    const handle = await open(path, 'wx');
    try {
      await handle.write('ropeway');
    } finally {
      await handle.close();
      await rm(path, { force: true });
    }
    return `A file was written to ${folder} and removed again.`;
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw fileErrors.error('FILE_OUTPUT_UNWRITABLE', { file: path, reason }, { cause: error });
  }
}

async function page(
  folder: string,
  names: readonly string[],
  { after, limit }: { after: string | undefined; limit: BrowseRequest['limit'] },
): Promise<EntryPage> {
  const from = after === undefined ? 0 : firstAfter(names, after);
  const shown = names.slice(from, from + limit);
  const entries = await Promise.all(shown.map((name) => entryOf(folder, name)));
  const last = shown.at(-1);
  return from + limit < names.length && last !== undefined ? { entries, next: last } : { entries };
}

function firstAfter(names: readonly string[], after: string): number {
  const index = names.findIndex((name) => name > after);
  return index < 0 ? names.length : index;
}

async function entryOf(folder: string, name: string): Promise<Entry> {
  // A dangling link is shown, and leads nowhere.
  const stats = await stat(join(folder, name)).catch(() => undefined);
  if (stats?.isDirectory() === true) return { name, kind: 'folder', isContainer: true };
  const details = stats?.isFile() === true ? { size: stats.size, changed: stats.mtime.toISOString() } : {};
  return { name, kind: 'file', isContainer: false, details };
}
