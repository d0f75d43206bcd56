/** A golden case on disk: a job and what the original engine made of it. Layout and rules: `README.md` of the set. */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface GoldenCase {
  /** `area/case`. */
  readonly name: string;
  readonly folder: string;
  readonly command: 'run' | 'guess' | 'preview';
  readonly config: string;
  readonly args: readonly string[];
  readonly exit: number;
  readonly symlinks: Readonly<Record<string, string>>;
  readonly files: 'bytes' | 'bytes-any-order' | 'records' | 'decompressed-bytes' | 'ignore';
  readonly stdout: 'exact' | 'data-lines' | 'ignore';
}

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The set lives beside the repository; `ROPEWAY_GOLDEN` names another place. */
export const goldenFolder: string = process.env['ROPEWAY_GOLDEN'] ?? join(repository, '..', 'shared', 'golden');

/** Every case of the set, found by walking it. Empty when the set is not there. */
export function goldenCases(): readonly GoldenCase[] {
  if (!existsSync(goldenFolder)) return [];
  return subfolders(goldenFolder).flatMap((area) =>
    subfolders(area)
      .filter((folder) => existsSync(join(folder, 'case.json')))
      .map((folder) => readCase(folder)),
  );
}

/** All regular files below the folder by their path relative to it. */
export function readTree(folder: string): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  if (!existsSync(folder)) return files;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    if (lstatSync(path).isFile()) files.set(name, readFileSync(path));
  }
  return files;
}

function subfolders(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .sort();
}

interface CaseFile {
  readonly command: GoldenCase['command'];
  readonly config: string;
  readonly args?: readonly string[];
  readonly exit: number;
  readonly symlinks?: Readonly<Record<string, string>>;
  readonly compare: { readonly files: GoldenCase['files']; readonly stdout: GoldenCase['stdout'] };
}

function readCase(folder: string): GoldenCase {
  // The set's README documents this layout.
  const file = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as CaseFile;
  return {
    name: relative(goldenFolder, folder),
    folder,
    command: file.command,
    config: file.config,
    args: file.args ?? [],
    exit: file.exit,
    symlinks: file.symlinks ?? {},
    files: file.compare.files,
    stdout: file.compare.stdout,
  };
}
