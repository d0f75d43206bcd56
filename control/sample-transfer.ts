/** The transfer that a new installation holds: a small file into compressed JSON lines, both in its data folder. */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';

export const SAMPLE_NAME = 'sample';
const FOLDER = 'sample';

/** Puts the file where it stays, whatever becomes of the folder that Ropeway was installed in. */
export async function copySample(file: string, dataFolder: string): Promise<string> {
  const folder = join(dataFolder, FOLDER);
  // The output makes no folders of its own.
  await mkdir(join(folder, 'out'), { recursive: true, mode: 0o700 });
  await copyFile(file, join(folder, 'orders.csv'));
  return folder;
}

export async function createSample(db: Store['db'], workspaceId: string, folder: string): Promise<void> {
  const id = newId();
  await db
    .insertInto('definition')
    .values({
      id,
      workspace_id: workspaceId,
      kind: 'transfer',
      name: SAMPLE_NAME,
      description: 'Orders from a CSV file into compressed JSON lines, to try things out.',
    })
    .execute();
  await db
    .insertInto('revision')
    .values({ definition_id: id, no: 1, config: json(configOf(folder)), memo: 'As it came.', author: 'ropeway' })
    .execute();
}

/** What `ropeway guess` finds out about the file. */
function configOf(folder: string): Record<string, unknown> {
  const column = (name: string, type: string, format?: string): object => ({
    name,
    type,
    ...(format === undefined ? {} : { format }),
  });
  return {
    in: {
      type: 'file',
      path_prefix: join(folder, 'orders.csv'),
      parser: {
        type: 'csv',
        charset: 'UTF-8',
        newline: 'LF',
        delimiter: ',',
        quote: '"',
        escape: '"',
        skip_header_lines: 1,
        columns: [
          column('order_id', 'long'),
          column('customer', 'string'),
          column('item', 'string'),
          column('quantity', 'long'),
          column('price', 'double'),
          column('ordered_at', 'timestamp', '%Y-%m-%d %H:%M:%S'),
          column('express', 'boolean'),
          column('note', 'string'),
        ],
      },
    },
    out: {
      type: 'file',
      path_prefix: join(folder, 'out', 'orders_'),
      file_ext: 'jsonl.gz',
      formatter: { type: 'jsonl' },
      encoders: [{ type: 'gzip' }],
    },
    exec: { min_output_tasks: 1 },
  };
}
