import { plugin } from '#spi/plugin.ts';

export const mysqlInputPlugin = plugin({
  kind: 'input',
  name: 'mysql',
  title: 'MySQL',
  summary: 'Reads a table or a query of MySQL or MariaDB as a stream, in one snapshot.',
  stability: 'stable',
  config: async () => (await import('./input-config.ts')).mysqlInputConfig,
  examples: [
    {
      title: 'New rows of a table',
      yaml: 'type: mysql\nhost: db.example.com\nuser: reader\npassword: secret\ndatabase: shop\ntable: orders\nincremental: true\nincremental_columns: [updated_at, id]\n',
    },
    {
      title: 'A large table in four ranges of its primary key',
      yaml: 'type: mysql\nhost: db.example.com\nssl: verify\nuser: reader\ndatabase: shop\ntable: orders\nparallel: 4\n',
    },
  ],
  load: async () => (await import('./input.ts')).mysqlInput,
});

export const mysqlOutputPlugin = plugin({
  kind: 'output',
  name: 'mysql',
  title: 'MySQL',
  summary: 'Loads a table of MySQL or MariaDB; all rows of a run become visible at once.',
  stability: 'stable',
  config: async () => (await import('./output-config.ts')).mysqlOutputConfig,
  examples: [
    {
      title: 'A table made anew by every run',
      yaml: 'type: mysql\nhost: db.example.com\nuser: loader\npassword: secret\ndatabase: warehouse\ntable: orders\nmode: replace\ncreate_table_constraint: PRIMARY KEY (id)\n',
    },
    {
      title: 'Rows that are updated, by the keys of the table',
      yaml: 'type: mysql\nhost: db.example.com\nuser: loader\ndatabase: warehouse\ntable: orders\nmode: merge\n',
    },
  ],
  load: async () => (await import('./output.ts')).mysqlOutput,
});

export const mysqlConnectionPlugin = plugin({
  kind: 'connection',
  name: 'mysql',
  title: 'MySQL',
  summary: 'A server of MySQL or MariaDB.',
  stability: 'stable',
  config: async () => (await import('./connection-config.ts')).mysqlConnectionConfig,
  examples: [
    {
      title: 'A server, encrypted and checked',
      yaml: 'type: mysql\nhost: db.example.com\nssl: verify\nuser: reader\npassword: secret\ndatabase: shop\n',
    },
  ],
  load: async () => (await import('./connection.ts')).mysqlConnection,
});
