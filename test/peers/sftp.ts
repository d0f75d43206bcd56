import { chownSync, mkdirSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sshMissing, sshServer } from '#test/kit/ssh-server.ts';
import { parquetIn, parquetOut } from './parquet-sections.ts';
import type { PeerEntry } from './peer.ts';

export const sftpPeer: PeerEntry = {
  name: 'sftp',
  missing: sshMissing,
  can: ['in', 'out', 'server', 'login', 'rights'],
  start: async () => {
    const server = await sshServer();
    const folder = join(server.home, 'peer');
    mkdirSync(folder);
    const { uid, gid } = statSync(server.home);
    chownSync(folder, uid, gid);
    const base = { type: 'sftp', ...server.options, max_connection_retry: 2 };
    return {
      name: 'sftp',
      port: server.port,
      out: (place) => ({ ...base, path_prefix: `/peer/${place}-`, file_ext: 'parquet', ...parquetOut }),
      in: (place, columns) => ({ ...base, path_prefix: `/peer/${place}-`, ...parquetIn(columns) }),
      leftovers: async () => (await readdir(folder)).filter((name) => !name.endsWith('.parquet')),
      through: (section, port) => ({ ...section, port }),
      strange: (section) => {
        const secret = 'wrong-s3cret';
        return { section: { ...section, secret_key_file: undefined, password: secret }, secret };
      },
      // A folder that belongs to somebody else.
      powerless: (section) => ({ ...section, user_directory_is_root: false, path_prefix: '/root/peer_' }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};
