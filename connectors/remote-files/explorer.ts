/** Looking around on a server of files: the checks of a connection after the network's, and pages of folders. */
import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import type { BrowseRequest, CheckStep, ConnectionUse, Entry, EntryPage, Untried } from '#spi/connections.ts';
import { isRopewayError } from '#spi/errors.ts';
import { remoteFileErrors } from './errors.ts';

/** Names of a folder that are held to be sorted: a folder with more is no place to look around in. */
const NAMES_MAX = 1_000_000;

export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly size?: number | undefined;
  /** When it was changed, in milliseconds. */
  readonly mtime?: number | undefined;
}

/** A folder, and what names in it begin with. */
export interface Place {
  readonly folder: string;
  readonly namePrefix: string;
}

/** A server as somebody sees it who is logged in; connects when it is first asked. */
export interface Explorer extends AsyncDisposable {
  /** Says who is let in, and where. */
  logIn(): Promise<string>;
  urlOf(path: string): string;
  /** What a path prefix means; that a folder has this name means nothing to an output. */
  placeOf(prefix: string, use: ConnectionUse | undefined): Promise<Place>;
  /** All but the folder itself and the one above; undefined when there is none. */
  entries(folder: string): Promise<readonly FolderEntry[] | undefined>;
  /** Where a link leads; undefined when that is nowhere, or not known. */
  follow?(path: string): Promise<FolderEntry | undefined>;
  readByte(path: string): Promise<void>;
  /** Makes a file of this name and removes it again. */
  writeAndRemove(path: string): Promise<void>;
  /** Codes of errors that say that a right is missing. */
  readonly denials: readonly string[];
}

/** Logging in, and what jobs do after that. */
export function explorerSteps(explorer: Explorer, prefix: string, use: ConnectionUse | undefined): CheckStep[] {
  let place: Place = { folder: '/', namePrefix: '' };
  let first: string | undefined;
  const list = async (): Promise<string> => {
    place = await explorer.placeOf(prefix, use);
    const names = (await namesIn(explorer, place)).map(({ name, kind }) => ({ name, kind }));
    const file = names.find(({ kind }) => kind === 'file')?.name;
    first = file === undefined ? undefined : posix.join(place.folder, file);
    const found = `${names.length} ${names.length === 1 ? 'name' : 'names'}`;
    const beginning = place.namePrefix === '' ? '' : ` beginning with ${place.namePrefix}`;
    return `${explorer.urlOf(place.folder)} has ${found}${beginning}.`;
  };
  const read = async (path: string): Promise<string> => {
    await explorer.readByte(path);
    return `${explorer.urlOf(path)} can be read.`;
  };
  const write = async (): Promise<string | Untried> => {
    // A name that nobody else has, hidden, and gone again at once.
    const path = posix.join(place.folder, `.ropeway-test-${randomBytes(8).toString('hex')}`);
    try {
      await explorer.writeAndRemove(path);
      return `A file was written to ${explorer.urlOf(place.folder)} and removed again.`;
    } catch (error) {
      const isDenied = isRopewayError(error) && explorer.denials.includes(error.code);
      // Inputs do without this right.
      if (use === 'out' || !isDenied) throw error;
      return { because: `This user may not write to ${explorer.urlOf(place.folder)}, as an output has to.` };
    }
  };
  return [
    { name: 'log_in', run: () => explorer.logIn() },
    { name: 'list', run: list },
    { name: 'read', run: async () => (use === 'out' || first === undefined ? undefined : read(first)) },
    { name: 'write', run: async () => (use === 'in' ? undefined : write()) },
  ];
}

export async function browseFolder(
  explorer: Explorer,
  root: string,
  { path, after, limit, prefix = '' }: BrowseRequest,
): Promise<EntryPage> {
  const top = await explorer.placeOf(root, undefined);
  const folder = posix.join(top.folder, ...path.map(checkedName));
  const namePrefix = path.length === 0 && prefix === '' ? top.namePrefix : prefix;
  const names = (await namesIn(explorer, { folder, namePrefix })).filter(
    ({ name }) => !(after !== undefined && name <= after),
  );
  const shown = names.slice(0, limit);
  const entries: Entry[] = [];
  for (const entry of shown) entries.push(entryOf(await followed(explorer, folder, entry)));
  const last = shown.at(-1);
  return names.length > limit && last !== undefined ? { entries, next: last.name } : { entries };
}

/** Sorted, as the input sorts. */
async function namesIn(explorer: Explorer, { folder, namePrefix }: Place): Promise<FolderEntry[]> {
  const place = explorer.urlOf(folder);
  const all = await explorer.entries(folder);
  if (all === undefined) {
    throw remoteFileErrors.error('REMOTE_FILE_FOLDER_NOT_FOUND', { place }, { where: { path: ['path_prefix'] } });
  }
  const names = all.filter(({ name }) => name.startsWith(namePrefix));
  if (names.length > NAMES_MAX) throw remoteFileErrors.error('REMOTE_FILE_LISTING_LIMIT', { limit: NAMES_MAX, place });
  return names.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function followed(explorer: Explorer, folder: string, entry: FolderEntry): Promise<FolderEntry> {
  if (entry.kind !== 'link' || explorer.follow === undefined) return entry;
  const target = await explorer.follow(posix.join(folder, entry.name));
  return { ...(target ?? { kind: 'other' }), name: entry.name };
}

function entryOf({ name, kind, size, mtime }: FolderEntry): Entry {
  if (kind === 'folder') return { name, kind: 'folder', isContainer: true };
  const details = {
    ...(size === undefined ? {} : { size }),
    ...(mtime === undefined ? {} : { changed: new Date(mtime).toISOString() }),
  };
  return { name, kind: 'file', isContainer: false, details };
}

/** A name that leads out of its folder would show what the config does not name. */
function checkedName(name: string): string {
  if (name !== '' && name !== '.' && name !== '..' && !/[/\0\r\n]/.test(name)) return name;
  throw remoteFileErrors.error('REMOTE_FILE_BROWSE_NAME', { name: JSON.stringify(name) });
}
