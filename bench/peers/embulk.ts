/** The original, when `--embulk JAR` says where it is. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noResult, type Contender } from '#bench/contender.ts';
import type { DataFile } from '#bench/data.ts';
import { jobConfig, type Target } from '#bench/ropeway.ts';

export interface EmbulkJob {
  readonly jar: string;
  readonly data: DataFile;
  readonly threads: number;
  readonly target: Target;
}

/** Our config, but with an output per thread: a single one would hold it to one thread. */
export function embulk({ jar, data, threads, target }: EmbulkJob): Contender {
  return {
    name: 'Embulk',
    data,
    threads,
    phases: (folder) => {
      const config = join(folder, 'config.yml');
      const job = { ...jobConfig(data, target, folder), exec: { min_output_tasks: threads, max_threads: threads } };
      writeFileSync(config, JSON.stringify(job));
      return [[{ command: 'java', args: ['-jar', jar, 'run', config] }]];
    },
    result:
      target === 'null'
        ? noResult
        : { kind: 'files', format: 'csv', columns: data.columns, expected: data.whole, parts: outputs },
  };
}

function outputs(folder: string): readonly (readonly string[])[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('out'))
    .map((name) => [join(folder, name)]);
}
