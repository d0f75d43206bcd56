/** Options of inputs that read files of a server by their paths: which of them, and which the next time. */
import { z } from 'zod';
import { option } from '#spi/fields.ts';

export const selectionFields = {
  path_prefix: option(z.string().min(1), {
    title: 'Path prefix',
    description:
      'A folder, a file, or a folder and what the names of the files in it begin with. Folders below are not entered.',
    examples: ['/exports/sales_'],
    'x-variables': 'path',
  }),
  path_match_pattern: option(z.string().default('.*'), {
    title: 'Path match pattern',
    description: "A regular expression in Java's notation that must match somewhere in the path.",
    examples: ['\\.csv(\\.gz)?$'],
    'x-variables': 'line',
  }),
  total_file_count_limit: option(z.number().int().positive().default(2_147_483_647), {
    title: 'Total file count limit',
    description: 'So many files are read at most, the first ones by path; a warning says that there are more.',
    'x-advanced': true,
  }),
  min_task_size: option(z.number().int().nonnegative().default(0), {
    title: 'Minimum task size',
    description: 'Files that follow each other are read by one task until it has so many bytes.',
    'x-advanced': true,
  }),
  stop_when_file_not_found: option(z.boolean().default(false), {
    title: 'Stop when there is no file',
    description: 'The run fails when no file is found, instead of loading nothing.',
  }),
  incremental: option(z.boolean().default(true), {
    title: 'Incremental',
    description: 'The diff for the next run (`-c`) says where this one ended.',
  }),
  last_path: option(z.string().optional(), {
    title: 'Last path',
    description: 'Files up to and including this path are left out. Incremental loading sets it.',
    'x-advanced': true,
    'x-variables': 'path',
  }),
  use_modified_time: option(z.boolean().default(false), {
    title: 'Use modified time',
    description: 'Incremental loading goes by the time of change (`last_modified_time`) instead of the path.',
  }),
  last_modified_time: option(z.string().optional(), {
    title: 'Last modified time',
    description:
      'With `use_modified_time`: files that were changed before this time (UTC) are left out. Incremental loading ' +
      'sets it.',
    examples: ['2026-01-02T03:04:05.000Z'],
    'x-advanced': true,
    'x-variables': 'line',
  }),
};

const selectionSchema = z.strictObject(selectionFields);
export type SelectionConfig = z.output<typeof selectionSchema>;
