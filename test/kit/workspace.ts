/** A temporary folder with files, and the command at work in it. */
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ropeway } from './ropeway-command.ts';
import type { CommandOptions, CommandResult } from './ropeway-command.ts';

export interface Workspace extends AsyncDisposable {
  readonly folder: string;
  path(name: string): string;
  write(name: string, content: string | Uint8Array): Promise<string>;
  read(name: string): Promise<string>;
  /** Names in the folder of outputs, hidden ones included. */
  outputs(): Promise<string[]>;
  ropeway(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
}

export async function workspace(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<Workspace> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'ropeway-test-')));
  const path = (name: string): string => join(folder, name);
  const write = async (name: string, content: string | Uint8Array): Promise<string> => {
    await mkdir(dirname(path(name)), { recursive: true });
    await writeFile(path(name), content);
    return path(name);
  };
  await mkdir(path('out'));
  for (const [name, content] of Object.entries(files)) await write(name, content);
  return {
    folder,
    path,
    write,
    read: (name) => readFile(path(name), 'utf8'),
    outputs: async () => (await readdir(path('out'))).sort(),
    ropeway: (args, options) => ropeway(args, { cwd: folder, ...options }),
    async [Symbol.asyncDispose]() {
      await chmod(folder, 0o700);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A config from CSV (columns `a`, `b`) to CSV, with the sections' texts replaced or added to. */
export function csvJob(
  parts: { readonly in?: string; readonly parser?: string; readonly out?: string; readonly top?: string } = {},
): string {
  return `in:
  type: file
  path_prefix: in/
${parts.in ?? ''}  parser:
    type: csv
    columns: [{name: a, type: long}, {name: b, type: string}]
${parts.parser ?? ''}out:
  type: file
  path_prefix: out/r_
  file_ext: csv
  formatter: {type: csv}
${parts.out ?? ''}exec: {max_threads: 1, min_output_tasks: 1}
${parts.top ?? ''}`;
}
