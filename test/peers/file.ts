import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetIn, parquetOut } from './parquet-sections.ts';
import type { PeerEntry } from './peer.ts';

export const filePeer: PeerEntry = {
  name: 'file',
  missing: '',
  can: ['in', 'out'],
  start: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ropeway-peer-'));
    return {
      name: 'file',
      out: (place) => ({ type: 'file', path_prefix: join(folder, `${place}_`), file_ext: 'parquet', ...parquetOut }),
      in: (place, columns) => ({ type: 'file', path_prefix: join(folder, `${place}_`), ...parquetIn(columns) }),
      leftovers: async () => (await readdir(folder)).filter((name) => !name.endsWith('.parquet')),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
    };
  },
};
