import { z } from 'zod';
import { openTo, option } from '#spi/fields.ts';

const pathPrefix = option(z.string().min(1), {
  title: 'Path prefix',
  description:
    'A folder, and what the names in it begin with. Files below matching sub-folders are read, too. ' +
    'When it names a folder, everything in it is read.',
  examples: ['data/sales_', '/var/exports/'],
});

/** What says where the files are, of an input and of an output. */
export const fileConnectionConfig = z.strictObject({ path_prefix: pathPrefix });

export type FileConnectionConfig = z.output<typeof fileConnectionConfig>;

export const fileInputConfig = z.strictObject({
  path_prefix: openTo(pathPrefix, 'path'),
  last_path: option(z.string().optional(), {
    title: 'Last path',
    description: 'Files up to and including this path are left out. Incremental loading (`-c`) sets it.',
    'x-advanced': true,
    'x-variables': 'path',
  }),
  follow_symlinks: option(z.boolean().default(false), {
    title: 'Follow symbolic links',
    description: 'Goes into folders that are symbolic links. Links to files are always read.',
    'x-advanced': true,
  }),
});

export type FileInputConfig = z.output<typeof fileInputConfig>;

export const fileOutputConfig = z.strictObject({
  path_prefix: option(z.string(), {
    title: 'Path prefix',
    description: 'How the paths of the files begin. The folder must exist.',
    examples: ['out/sales_'],
    'x-variables': 'path',
  }),
  file_ext: option(z.string(), {
    title: 'File extension',
    description: 'How the paths end. The default sequence ends with a dot already.',
    examples: ['csv', 'csv.gz'],
    'x-variables': 'path',
  }),
  sequence_format: option(z.string().default('%03d.%02d.'), {
    title: 'Sequence format',
    description: 'The middle of the paths: a Java format with the task number and the number of the file in the task.',
    examples: ['.%03d.%02d.'],
    'x-advanced': true,
  }),
  atomic: option(z.boolean().default(true), {
    title: 'Atomic',
    description:
      'Files get their names when the whole run has succeeded; until then existing ones stay as they are. ' +
      'Switched off, files are written in place, as Embulk does.',
    'x-advanced': true,
  }),
});

export type FileOutputConfig = z.output<typeof fileOutputConfig>;
