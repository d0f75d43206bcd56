import { plugin } from '#spi/plugin.ts';

export const postgresqlInputPlugin = plugin({
  kind: 'input',
  name: 'postgresql',
  title: 'PostgreSQL',
  summary: 'Reads a table or a query of PostgreSQL through COPY, in one snapshot.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).postgresqlInputConfig,
  examples: [
    {
      title: 'New rows of a table',
      yaml: 'type: postgresql\nhost: db.example.com\nuser: reader\npassword: secret\ndatabase: shop\ntable: orders\nincremental: true\nincremental_columns: [updated_at, id]\n',
    },
    {
      title: 'A query',
      yaml: 'type: postgresql\nhost: db.example.com\nsslmode: verify-full\nuser: reader\ndatabase: shop\nquery: SELECT id, sum(total) AS total FROM orders GROUP BY id\n',
    },
  ],
  load: async () => (await import('./input.ts')).postgresqlInput,
});

export const postgresqlOutputPlugin = plugin({
  kind: 'output',
  name: 'postgresql',
  title: 'PostgreSQL',
  summary: 'Loads a table of PostgreSQL through COPY; all rows of a run become visible at once.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).postgresqlOutputConfig,
  examples: [
    {
      title: 'A table made anew by every run',
      yaml: 'type: postgresql\nhost: db.example.com\nuser: loader\npassword: secret\ndatabase: warehouse\ntable: orders\nmode: replace\ncreate_table_constraint: PRIMARY KEY (id)\n',
    },
    {
      title: 'Rows that are updated',
      yaml: 'type: postgresql\nhost: db.example.com\nuser: loader\ndatabase: warehouse\ntable: orders\nmode: merge\nmerge_keys: [id]\n',
    },
  ],
  load: async () => (await import('./output.ts')).postgresqlOutput,
});

export const postgresqlConnectionPlugin = plugin({
  kind: 'connection',
  name: 'postgresql',
  title: 'PostgreSQL',
  summary: 'A PostgreSQL server: whether it can be worked with, and its databases, schemas, tables and columns.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).postgresqlConnectionConfig,
  examples: [
    {
      title: 'A server whose certificate is checked',
      yaml: 'type: postgresql\nhost: db.example.com\nsslmode: verify-full\nuser: reader\npassword: secret\ndatabase: shop\n',
    },
  ],
  load: async () => (await import('./connection.ts')).postgresqlConnection,
});
