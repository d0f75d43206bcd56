import { postgresMissing, postgresServer } from '#test/kit/postgres-server.ts';
import type { PeerEntry } from './peer.ts';

export const postgresqlPeer: PeerEntry = {
  name: 'postgresql',
  missing: postgresMissing,
  can: ['in', 'out', 'server', 'login', 'rights'],
  start: async () => {
    const server = await postgresServer();
    await server.query("CREATE USER powerless PASSWORD 'powerless'");
    const out = (place: string) => ({ ...server.options, table: place, mode: 'replace', retry_wait: 20 });
    return {
      name: 'postgresql',
      port: server.port,
      out,
      in: (place) => ({ ...server.options, table: place, order_by: '1' }),
      leftovers: async () =>
        (await server.query("SELECT relname FROM pg_class WHERE relname LIKE '%\\_ropeway\\_%'")).map(String),
      through: (section, port) => ({ ...section, port }),
      strange: (section) => ({ section: { ...section, password: 'wrong-s3cret' }, secret: 'wrong-s3cret' }),
      powerless: (section) => ({ ...section, user: 'powerless', password: 'powerless' }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};
