import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ftpMissing, ftpServer } from '#test/kit/ftp-server.ts';
import { csvIn } from './csv-section.ts';
import type { PeerEntry } from './peer.ts';

export const ftpPeer: PeerEntry = {
  name: 'ftp',
  missing: ftpMissing,
  // Files come through connections of their own, which no proxy before the port sees; its own tests cut those.
  can: ['in', 'login'],
  start: async () => {
    const server = await ftpServer();
    return {
      name: 'ftp',
      in: (place, columns) => ({
        type: 'ftp',
        ...server.options,
        path_prefix: join(server.home, `${place}.csv`),
        ...csvIn(columns),
      }),
      seed: (place, csv) => writeFile(join(server.home, `${place}.csv`), csv),
      strange: (section) => ({ section: { ...section, password: 'wrong-s3cret' }, secret: 'wrong-s3cret' }),
      leftovers: async () => [],
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};
