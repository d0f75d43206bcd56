import { motoServer } from '#test/kit/moto.ts';
import { startS3 } from '#test/kit/s3-server.ts';
import { parquetIn, parquetOut } from './parquet-sections.ts';
import type { PeerEntry, Section } from './peer.ts';

const bucket = 'peer';
/** Tries again soon: what is tested is that it does. */
const patience = { maximum_retries: 3, initial_retry_interval_millis: 20, maximum_retry_interval_millis: 50 };

export const s3Peer: PeerEntry = {
  name: 's3',
  missing: motoServer() === undefined ? 'moto is not installed' : '',
  can: ['in', 'out', 'server'],
  start: async () => {
    // Credentials are looked at after so many requests, which are those that make the users.
    const server = await startS3();
    await server.createBucket(bucket);
    const endpointAt = (port: number): string => `http://127.0.0.1:${port}`;
    const login = {
      type: 's3',
      bucket,
      region: 'us-east-1',
      endpoint: endpointAt(server.port),
      access_key_id: 'peer',
      secret_access_key: 'secret of the peer',
      ...patience,
    };
    return {
      name: 's3',
      port: server.port,
      out: (place) => ({ ...login, path_prefix: `${place}/`, file_ext: 'parquet', ...parquetOut }),
      in: (place, columns) => ({ ...login, path_prefix: `${place}/`, ...parquetIn(columns) }),
      through: (section: Section, port) => ({ ...section, endpoint: endpointAt(port) }),
      leftovers: () => server.uploads(bucket),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};
