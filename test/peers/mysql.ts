import type { Column } from '#spi/schema.ts';
import { mariadbMissing, mariadbServer } from '#test/kit/mariadb-server.ts';
import type { PeerEntry, Section } from './peer.ts';

function jsonOptions(columns: readonly Column[]): Section {
  const names = columns.filter(({ type }) => type === 'json').map(({ name }) => name);
  return Object.fromEntries(names.map((name) => [name, { type: 'json' }]));
}

export const mysqlPeer: PeerEntry = {
  name: 'mysql',
  missing: mariadbMissing,
  can: ['in', 'out', 'server', 'login', 'rights', 'restart'],
  start: async () => {
    const server = await mariadbServer();
    await server.query("CREATE USER powerless@'127.0.0.1' IDENTIFIED BY 'powerless'");
    await server.query("GRANT USAGE ON *.* TO powerless@'127.0.0.1'");
    return {
      name: 'mysql',
      port: server.port,
      out: (place) => ({
        ...server.options,
        table: place,
        mode: 'replace',
        // Its own type for timestamps ends in 2038.
        column_options: { t: { type: 'DATETIME(6)' } },
        retry_wait: 20,
        max_retry_wait: 100,
      }),
      // MariaDB's JSON is a text with a check.
      in: (place, columns) => ({ ...server.options, table: place, column_options: jsonOptions(columns) }),
      leftovers: async () => {
        const like = "SELECT table_name FROM information_schema.tables WHERE table_name LIKE '%\\_ropeway\\_%'";
        // What remembers the runs that have committed is kept.
        return (await server.query(like)).map(String).filter((name) => !name.includes('_ropeway_done'));
      },
      through: (section, port) => ({ ...section, port }),
      strange: (section) => ({ section: { ...section, password: 'wrong-s3cret' }, secret: 'wrong-s3cret' }),
      powerless: (section) => ({ ...section, user: 'powerless', password: 'powerless' }),
      restart: () => server.restart(),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};
