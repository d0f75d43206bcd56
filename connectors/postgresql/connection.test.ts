/** The connection against a real server: what is checked, what is found there, and in how little time. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrowseRequest, Entry, EntryPage } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import { certificateAuthority } from '#test/kit/certificates.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { fail, readCsv, succeed, tableToCsv, valuesToTable } from '#test/kit/postgres-jobs.ts';
import { postgresMissing, postgresServer } from '#test/kit/postgres-server.ts';
import type { PostgresServer } from '#test/kit/postgres-server.ts';
import { sshMissing, sshServer } from '#test/kit/ssh-server.ts';
import { workspace } from '#test/kit/workspace.ts';
import { postgresqlConnectionConfig } from './config.ts';
import { postgresqlConnection } from './connection.ts';

let server: PostgresServer;

function context(signal: AbortSignal = new AbortController().signal): Context {
  return {
    log: keptLog().log,
    signal,
    tempDir: async () => '/nowhere',
    transactionTime: new Date(0),
    isPreview: false,
  };
}

function configOf(options: object): ReturnType<typeof postgresqlConnectionConfig.parse> {
  const { type: _, ...own } = server.options;
  return postgresqlConnectionConfig.parse({ ...own, ...options });
}

/** Outcomes by check: the detail, or the code of the error. */
async function tested(options: object = {}, signal?: AbortSignal): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, outcome, detail, reason } of postgresqlConnection.test(configOf(options), context(signal))) {
    found[name] = `${reason?.code ?? outcome}: ${detail}`;
  }
  return found;
}

function browse(request: Partial<BrowseRequest>, options: object = {}): Promise<EntryPage> {
  return postgresqlConnection.browse(configOf(options), { path: [], limit: 100, ...request }, context());
}

const NOT_TRIED = 'skipped: Not tried, because';

describe.skipIf(postgresMissing !== '')(`postgresqlConnection${postgresMissing}`, () => {
  beforeAll(async () => {
    server = await postgresServer();
    await server.query(`
      CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10, 2) DEFAULT 0, note text);
      COMMENT ON TABLE orders IS 'What was bought'; COMMENT ON COLUMN orders.note IS 'Free text';
      INSERT INTO orders VALUES (1, 2.5, 'x'); ANALYZE orders;
      CREATE VIEW totals AS SELECT sum(total) AS total FROM orders;
      CREATE SCHEMA "odd ""name"; CREATE TABLE "odd ""name"."t\\x" (b int, a int NOT NULL, PRIMARY KEY (a, b));
      CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT SELECT (id) ON orders TO reader;
      CREATE ROLE guest LOGIN PASSWORD 'g'; CREATE SCHEMA closed; CREATE SCHEMA hollow;
      ALTER ROLE reader SET default_transaction_read_only = off`);
    await server.query('CREATE DATABASE another');
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  describe('test()', () => {
    it('goes as far as a job would, and leaves nothing', async () => {
      const { port } = server;
      expect(await tested()).toEqual({
        resolve: 'skipped: Not needed here.',
        connect: `passed: 127.0.0.1:${port} accepts connections.`,
        tls: 'skipped: Not needed here.',
        log_in: expect.stringMatching(
          /^passed: ropeway is let in to the database postgres \(UTF8\) of PostgreSQL \d+/,
        ) as string,
        list: 'passed: The schema public has 2 tables and views.',
        read: 'passed: orders can be read.',
        write: 'passed: A table can be made in the schema public and filled.',
      });
      expect(await server.query("SELECT 1 FROM pg_class WHERE relname LIKE 'ropeway%'")).toEqual([]);
    });

    it.each<[string, object, string, string]>([
      ['a host that is not known', { host: 'nowhere.invalid' }, 'resolve', 'NETWORK_HOST_UNKNOWN'],
      ['a port where nobody listens', { port: 1 }, 'connect', 'NETWORK_REFUSED'],
      ['a socket that is not there', { host: '/nowhere' }, 'connect', 'NETWORK_REFUSED'],
      ['TLS that the server has not', { sslmode: 'require' }, 'tls', 'PG_TLS'],
      ['a wrong password', { password: 'wrong' }, 'log_in', 'PG_AUTH_FAILED'],
      ['a missing database', { database: 'nowhere' }, 'log_in', 'PG_DATABASE_MISSING'],
      ['a missing schema', { schema: 'nowhere' }, 'list', 'PG_SCHEMA_MISSING'],
      ['a schema that is closed', { schema: 'closed', user: 'guest', password: 'g' }, 'list', 'PG_PRIVILEGE_MISSING'],
    ])('tells of %s, and tries nothing after it', async (_title, options, name, code) => {
      const found = await tested(options);
      const names = Object.keys(found);
      expect(found[name]).toMatch(new RegExp(`^${code}: .*\\.$`));
      for (const later of names.slice(names.indexOf(name) + 1)) expect(found[later]).toContain(NOT_TRIED);
      expect(names).toEqual(['resolve', 'connect', 'tls', 'log_in', 'list', 'read', 'write']);
      expect(Object.values(found).join('')).not.toContain("pass'word");
    });

    it('takes missing rights for what they are: enough for some jobs', async () => {
      const reader = await tested({ user: 'reader', password: 'r' });
      expect(reader['read']).toBe('passed: orders can be read.');
      expect(reader['write']).toBe(
        'skipped: This user may not create tables in the schema public, as an output has to.',
      );
      const guest = await tested({ user: 'guest', password: 'g' });
      expect(guest['read']).toBe('skipped: This user may read no table of the schema public, as an input has to.');
      expect((await tested({ schema: 'hollow' }))['read']).toBe('skipped: The schema hollow has no table to read.');
      await server.query('ALTER ROLE reader SET default_transaction_read_only = on');
      expect((await tested({ user: 'reader', password: 'r' }))['write']).toContain('only lets itself be read');
    });

    it('tells who the server is', async () => {
      const sslrootcert = await server.enableTls();
      const full = await tested({ sslmode: 'verify-full', sslrootcert, host: 'localhost' });
      expect(full['resolve']).toMatch(/^passed: localhost is /);
      expect(full['tls']).toMatch(/^passed: TLSv1\.3 with localhost, certified by localhost until 20\d\d-\d\d-\d\d\.$/);
      expect(full['write']).toMatch(/^passed/);
      expect((await tested({ sslmode: 'verify-full', sslrootcert }))['tls']).toMatch(/^NETWORK_TLS_NAME/);
      const stranger = certificateAuthority();
      try {
        const refused = await tested({ sslmode: 'require', sslrootcert: stranger.caFile });
        expect(refused['tls']).toMatch(/^NETWORK_TLS_UNTRUSTED/);
      } finally {
        stranger[Symbol.dispose]();
      }
    });

    it.skipIf(sshMissing !== '')(`goes through an SSH tunnel${sshMissing}`, async () => {
      await using ssh = await sshServer();
      const tunnel = { ...ssh.options, secret_key_file: ssh.keyFile };
      const sslrootcert = await server.enableTls();
      const found = await tested({ ssh_tunnel: tunnel, sslmode: 'verify-full', sslrootcert, host: 'localhost' });
      expect(found['connect']).toBe(`passed: localhost:${server.port} accepts connections, through 127.0.0.1.`);
      expect(found['tls']).toMatch(/^passed: TLSv1\.3 with localhost/);
      expect(found['log_in']).toMatch(/^passed/);
      expect(found['write']).toMatch(/^passed/);
      const strict = { sslmode: 'verify-full', sslrootcert };
      expect((await tested({ ssh_tunnel: tunnel, ...strict }))['tls']).toMatch(/^NETWORK_TLS_NAME/);
      expect((await tested({ ssh_tunnel: { ...tunnel, port: 1 } }))['connect']).toMatch(/^SSH_/);
      expect((await tested({ ssh_tunnel: tunnel, port: 1 }))['connect']).toMatch(/^SSH_/);
      await using place = await workspace();
      const input = { query: 'SELECT 1 AS n', ssh_tunnel: tunnel, ...strict, host: 'localhost' };
      expect(await readCsv(place, server, input)).toBe('n\n1\n');
      expect(await fail(place, tableToCsv(server, { ...input, host: '127.0.0.1' }))).toContain('PG_TLS');
      const table = { table: 'tunnelled', mode: 'replace', ssh_tunnel: tunnel };
      await succeed(place, valuesToTable(server, { n: 'long' }, [[7]], table));
      expect(await server.query('SELECT n::int FROM tunnelled')).toEqual([[7]]);
      await server.query('DROP TABLE tunnelled');
    });

    it('stops at once', async () => {
      const stopping = new AbortController();
      stopping.abort();
      expect((await tested({}, stopping.signal))['connect']).toMatch(/^NETWORK_STOPPED/);
    });
  });

  describe('browse()', () => {
    it('goes from databases to columns', async () => {
      expect((await browse({})).entries).toEqual([
        { name: 'another', kind: 'database', isContainer: true },
        {
          name: 'postgres',
          kind: 'database',
          isContainer: true,
          details: { comment: 'default administrative connection database' },
        },
      ]);
      const schemas = await browse({ path: ['postgres'] });
      expect(schemas.entries.map(({ name }) => name)).toEqual(['closed', 'hollow', 'odd "name', 'public']);
      expect((await browse({ path: ['another'] })).entries.map(({ name }) => name)).toEqual(['public']);
      expect((await browse({ path: ['postgres', 'public'] })).entries).toEqual([
        {
          name: 'orders',
          kind: 'table',
          isContainer: true,
          details: { type: 'table', estimatedRows: 1, isReadable: true, comment: 'What was bought' },
        },
        { name: 'totals', kind: 'view', isContainer: true, details: { type: 'view', isReadable: true } },
      ]);
      const column = (name: string, details: object): Entry => ({
        name,
        kind: 'column',
        isContainer: false,
        ...details,
      });
      expect((await browse({ path: ['postgres', 'public', 'orders'] })).entries).toEqual([
        column('id', { details: { type: 'bigint', isNullable: false, position: 1, primaryKeyPosition: 1 } }),
        column('note', { details: { type: 'text', isNullable: true, position: 3, comment: 'Free text' } }),
        column('total', { details: { type: 'numeric(10,2)', isNullable: true, position: 2, default: '0' } }),
      ]);
      const odd = await browse({ path: ['postgres', 'odd "name', 't\\x'] });
      expect(odd.entries.map(({ name, details }) => [name, details?.['primaryKeyPosition']])).toEqual([
        ['a', 1],
        ['b', 2],
      ]);
    });

    it.each([
      [['nowhere'], 'PG_DATABASE_MISSING'],
      [['postgres', 'nowhere'], 'PG_NOTHING_THERE'],
      [['postgres', 'public', 'nowhere'], 'PG_NOTHING_THERE'],
      [['postgres', 'public', 'orders', 'id'], 'PG_NOTHING_THERE'],
    ])('tells that %j is not there', async (path, code) => {
      await expect(browse({ path })).rejects.toMatchObject({ code });
    });

    it('pages through thousands of tables, each page as fast as the first', async () => {
      await server.query('CREATE SCHEMA many');
      await server.query(`DO $$ BEGIN FOR i IN 1..5000 LOOP
        EXECUTE format('CREATE TABLE many.%I ()', CASE WHEN i % 10 = 0 THEN 'É_' ELSE 't_' END || i);
        IF i % 500 = 0 THEN COMMIT; END IF; END LOOP; END $$`);
      await server.query('CREATE TABLE many.t_0123456789abcdef01_ropeway_0 ()');
      await server.query('CREATE TABLE many.orders_0m1abcdefab12cd34_ropeway_done ()');
      const path = ['postgres', 'many'];
      const found: string[] = [];
      let slowest = 0;
      let after: string | undefined;
      do {
        const startedAt = performance.now();
        const { entries, next }: EntryPage = await browse({
          path,
          limit: 1000,
          ...(after === undefined ? {} : { after }),
        });
        slowest = Math.max(slowest, performance.now() - startedAt);
        found.push(...entries.map(({ name }) => name));
        after = next;
      } while (after !== undefined);
      const rows = await server.query(
        "SELECT relname FROM pg_class WHERE relnamespace = 'many'::regnamespace AND relname !~ '_done$' ORDER BY 1",
      );
      expect(found).toEqual(rows.map(([name]) => name));
      // It takes some hundredths of a second; the bound tells it from a search through everything.
      expect(slowest).toBeLessThan(2000);
      const some = await browse({ path, prefix: 't_499', limit: 7 });
      expect(some.entries.map(({ name }) => name)).toEqual([
        't_499',
        't_4991',
        't_4992',
        't_4993',
        't_4994',
        't_4995',
        't_4996',
      ]);
      const rest = await browse({ path, prefix: 't_499', after: 't_4996', limit: 7 });
      expect(rest.entries.map(({ name }) => name)).toEqual(['t_4997', 't_4998', 't_4999']);
      expect(rest.next).toBeUndefined();
      expect((await browse({ path, prefix: 'É', limit: 1 })).entries).toHaveLength(1);
    });
  });
});
