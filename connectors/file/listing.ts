/**
 * Which files a prefix means: Embulk's rules, in sorted order (Embulk takes the operating system's, which differs
 * from machine to machine). Paths are kept as the user wrote them.
 */
import { readdir, realpath, stat } from 'node:fs/promises';
import type { Dirent, Stats } from 'node:fs';
import { basename, dirname } from 'node:path';
import { systemReason } from '#spi/system-reason.ts';
import type { FileInputConfig } from './config.ts';
import { fileErrors } from './errors.ts';

/** Entries looked at, at most: protects against a prefix such as `/`. */
const ENTRIES_MAX = 2_000_000;

export interface ListedFile {
  readonly path: string;
  /** Undefined for what is not a regular file: a pipe has no size. */
  readonly sizeBytes?: number;
  readonly mtimeMs?: number;
  /** A named pipe. */
  readonly isPipe?: boolean;
}

export interface Listing {
  readonly folder: string;
  readonly namePrefix: string;
  readonly files: readonly ListedFile[];
}

export async function listFiles(config: FileInputConfig): Promise<Listing> {
  const { path_prefix: prefix } = config;
  const isFolder = (await statOf(prefix))?.isDirectory() ?? false;
  const folder = isFolder ? prefix : dirname(prefix);
  const namePrefix = isFolder ? '' : basename(prefix);
  if (!((await statOf(folder))?.isDirectory() ?? false)) {
    const missing = await firstMissing(folder);
    throw fileErrors.error('FILE_FOLDER_NOT_FOUND', { folder, missing }, { where: { path: ['path_prefix'] } });
  }
  const walk = new Walk(config);
  await walk.folder(pathPrefix(prefix, isFolder), folder, namePrefix);
  return { folder, namePrefix, files: walk.files.sort((a, b) => compareText(a.path, b.path)) };
}

/** Java's String.compareTo: by UTF-16 units, which is what `<` does. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** What stands before the names directly in the folder, as the user wrote it: `./data/in_` gives `./data/`. */
function pathPrefix(prefix: string, isFolder: boolean): string {
  if (isFolder) return prefix.endsWith('/') ? prefix : `${prefix}/`;
  return prefix.slice(0, prefix.lastIndexOf('/') + 1);
}

class Walk {
  readonly files: ListedFile[] = [];
  readonly #config: FileInputConfig;
  #entries = 0;

  constructor(config: FileInputConfig) {
    this.#config = config;
  }

  async folder(written: string, folder: string, namePrefix: string): Promise<void> {
    // Folders still to be listed, with the real paths above each: a link back to one of them is a circle.
    const waiting = [{ written, folder, namePrefix, above: [await realpath(folder)] as readonly string[] }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const entry of await listFolder(next.folder)) {
        if (!entry.name.startsWith(next.namePrefix)) continue;
        this.#count();
        const path = next.written + entry.name;
        if (this.#isDone(path)) continue;
        const below = await this.#visit(entry, path, next.above);
        if (below !== undefined) waiting.push(below);
      }
    }
  }

  async #visit(
    entry: Dirent,
    path: string,
    above: readonly string[],
  ): Promise<{ written: string; folder: string; namePrefix: string; above: readonly string[] } | undefined> {
    const stats = await statOf(path);
    // A dangling link is no file.
    if (stats === undefined) return undefined;
    if (!stats.isDirectory()) {
      this.files.push(
        stats.isFile() ? { path, sizeBytes: stats.size, mtimeMs: stats.mtimeMs } : { path, isPipe: stats.isFIFO() },
      );
      return undefined;
    }
    if (entry.isSymbolicLink() && !this.#config.follow_symlinks) return undefined;
    const real = await realpath(path);
    if (above.includes(real)) return undefined;
    return { written: `${path}/`, folder: path, namePrefix: '', above: [...above, real] };
  }

  /** `last_path` leaves out a folder with everything below it, even when files in it would come later. */
  #isDone(path: string): boolean {
    const { last_path: last } = this.#config;
    return last !== undefined && path <= last;
  }

  #count(): void {
    this.#entries += 1;
    if (this.#entries > ENTRIES_MAX) {
      throw fileErrors.error('FILE_WALK_LIMIT', { limit: ENTRIES_MAX, prefix: this.#config.path_prefix });
    }
  }
}

async function listFolder(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw fileErrors.error(
      'FILE_FOLDER_UNREADABLE',
      { file: folder, reason },
      { where: { file: folder }, cause: error },
    );
  }
}

export async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined;
    }
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw fileErrors.error('FILE_UNREADABLE', { file: path, reason }, { where: { file: path }, cause: error });
  }
}

export async function firstMissing(folder: string): Promise<string> {
  let missing = folder;
  for (let parent = dirname(folder); parent !== missing; parent = dirname(missing)) {
    if ((await statOf(parent)) !== undefined) return missing;
    missing = parent;
  }
  return missing;
}
