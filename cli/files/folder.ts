/** The folder of definitions on the disk: regular files, and nothing that leads out of it. */
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isUtf8 } from 'node:buffer';
import type { RopewayError } from '#spi/errors.ts';
import { systemReason } from '#spi/system-reason.ts';
import { fileErrors } from './errors.ts';

/** A configuration has half of it at most. */
const FILE_BYTES_MAX = 1_048_576;
const FILES_MAX = 20_000;

export interface TextFile {
  /** With the folder, as it is said to people. */
  readonly path: string;
  readonly text: string;
}

export interface ReadFiles {
  readonly files: readonly TextFile[];
  readonly errors: readonly RopewayError[];
}

/** All `*.yml` of a folder below the folder of definitions; what is not there is empty. */
export async function readFiles(folder: string, below: string): Promise<ReadFiles> {
  const place = join(folder, below);
  const entries = await entriesOf(place);
  if (entries.length > FILES_MAX) {
    return { files: [], errors: [fileErrors.error('DEFINITIONS_TOO_MANY', { limit: FILES_MAX, folder: place })] };
  }
  const files: TextFile[] = [];
  const errors: RopewayError[] = [];
  for (const name of entries) {
    const path = join(place, name);
    const read = await readText(path);
    if ('error' in read) errors.push(read.error);
    else files.push({ path, text: read.text });
  }
  return { files, errors };
}

/** Sorted, so that all say the same in the same order. Hidden files belong to editors. */
async function entriesOf(place: string): Promise<readonly string[]> {
  const kind = await kindOfEntry(place);
  if (kind === 'nothing') return [];
  if (kind !== 'a folder') throw fileErrors.error('DEFINITIONS_FOLDER', { folder: place, reason: `it is ${kind}` });
  const names = await readdir(place);
  return names.filter((name) => !name.startsWith('.')).sort();
}

async function readText(path: string): Promise<{ readonly text: string } | { readonly error: RopewayError }> {
  const where = { where: { file: path } };
  const not = (what: string): { error: RopewayError } => ({
    error: fileErrors.error('DEFINITION_NOT_A_FILE', { file: path, what }, where),
  });
  const kind = await kindOfEntry(path);
  if (kind !== 'a file') return not(kind);
  if (!/\.ya?ml$/.test(path)) return not('no YAML by its name');
  try {
    // Between the look and the opening it may have become a link.
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const { size } = await file.stat();
    if (size > FILE_BYTES_MAX) {
      const params = { file: path, size, limit: FILE_BYTES_MAX };
      return { error: fileErrors.error('DEFINITION_TOO_LARGE', params, where) };
    }
    const bytes = await file.readFile();
    if (!isUtf8(bytes)) return not('not UTF-8');
    return { text: bytes.toString('utf8').replace(/^\ufeff/, '') };
  } catch (error) {
    return not(reasonOf(error));
  }
}

async function kindOfEntry(path: string): Promise<string> {
  try {
    const entry = await lstat(path);
    if (entry.isSymbolicLink()) return 'a link';
    if (entry.isDirectory()) return 'a folder';
    return entry.isFile() ? 'a file' : 'no regular file';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'nothing';
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  const reason = systemReason(error);
  if (reason === undefined) throw error;
  return reason;
}

/** Throws unless the folder of definitions is there. */
export async function assertFolder(folder: string): Promise<void> {
  // The folder itself may be a link: whoever names it means what is behind.
  const kind = await kindOfEntry(join(folder, '.'));
  if (kind !== 'a folder') throw fileErrors.error('DEFINITIONS_FOLDER', { folder, reason: `it is ${kind}` });
}

/** Makes the folder below, unless something else stands in its place. */
export async function makeFolder(folder: string, below: string): Promise<void> {
  const place = join(folder, below);
  try {
    await mkdir(place, { recursive: true });
  } catch (error) {
    throw fileErrors.error('DEFINITIONS_FOLDER', { folder: place, reason: reasonOf(error) }, { cause: error });
  }
  const kind = await kindOfEntry(place);
  if (kind !== 'a folder') throw fileErrors.error('DEFINITIONS_FOLDER', { folder: place, reason: `it is ${kind}` });
}

/** Whole or not at all; a link is replaced, never followed. */
export async function writeText(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  try {
    await rm(draft, { force: true });
    await using file = await open(draft, 'wx');
    await file.writeFile(text);
    await rename(draft, path);
  } catch (error) {
    const params = { file: path, what: `not to be written: ${reasonOf(error)}` };
    throw fileErrors.error('DEFINITION_NOT_A_FILE', params, { where: { file: path }, cause: error });
  }
}
