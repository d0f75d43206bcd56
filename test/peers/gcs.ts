import { fakeGcsServer } from '#test/kit/fake-gcs.ts';
import { startGcs } from '#test/kit/gcs-server.ts';
import { motoServer } from '#test/kit/moto.ts';
import { parquetIn, parquetOut } from './parquet-sections.ts';
import type { PeerEntry } from './peer.ts';

const bucket = 'peer';
/** Tries again soon: what is tested is that it does. */
const patience = { max_connection_retry: 3, initial_retry_interval_millis: 20 };

export const gcsPeer: PeerEntry = {
  name: 'gcs',
  missing: fakeGcsServer() === undefined || motoServer() === undefined ? 'fake-gcs-server or moto is not there' : '',
  can: ['in', 'out', 'server'],
  start: async () => {
    const server = await startGcs();
    await server.createBucket(bucket);
    const base = { type: 'gcs', bucket, endpoint: server.url, auth_method: 'anonymous', ...patience };
    return {
      name: 'gcs',
      port: server.port,
      out: (place) => ({ ...base, path_prefix: `${place}/`, file_ext: '.parquet', ...parquetOut }),
      in: (place, columns) => ({ ...base, path_prefix: `${place}/`, ...parquetIn(columns) }),
      through: (section, port) => ({ ...section, endpoint: `http://127.0.0.1:${port}` }),
      leftovers: () => server.uploads(bucket),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};
