/** What takes part in a job: how to start it, and where its result is. */
import { join } from 'node:path';
import type { Digest } from './agree.ts';
import type { DataFile } from './data.ts';
import type { Column } from './generator.ts';
import type { Command } from './measure.ts';

export interface Contender {
  readonly name: string;
  readonly data: DataFile;
  /** Its threads at most. */
  readonly threads: number;
  /** What to start, writing into this folder; what it prepares here does not count. */
  readonly phases: (folder: string) => readonly (readonly Command[])[];
  readonly result: Result;
}

export type Result =
  | {
      readonly kind: 'files';
      readonly format: 'jsonl' | 'csv';
      readonly columns: readonly Column[];
      readonly expected: Digest;
      /** Files that belong together make a part; the records of several parts are merged by their first column. */
      readonly parts: (folder: string) => readonly (readonly string[])[];
    }
  | {
      readonly kind: 'count';
      /** How many records it says it has read; undefined: it does not say. */
      readonly rows: (output: string) => number | undefined;
    }
  | {
      readonly kind: 'elsewhere';
      /** What is wrong with the result, which is in no file; undefined when nothing is. */
      readonly difference: () => Promise<string | undefined>;
    };

/** A result of one file with all columns. */
export function fileResult(data: DataFile, format: 'jsonl' | 'csv', name: string): Result {
  return {
    kind: 'files',
    format,
    columns: data.columns,
    expected: data.whole,
    parts: (folder) => [[join(folder, name)]],
  };
}

/** Programs of the benchmark print `{"rows": N}`. */
export const printedRows: Result = {
  kind: 'count',
  rows: (output) => {
    const line = output.split('\n').find((text) => text.startsWith('{"rows"'));
    // Printed by a program of peers/.
    return line === undefined ? undefined : (JSON.parse(line) as { rows: number }).rows;
  },
};

/** For a job that has nothing to compare. */
export const noResult: Result = { kind: 'count', rows: () => undefined };
