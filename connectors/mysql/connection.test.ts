/** The connection against a real server: what is checked, what is found there, and in how little time. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrowseRequest, ConnectionUse, EntryPage } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import { certificateAuthority } from '#test/kit/certificates.ts';
import { mariadbMissing, mariadbServer } from '#test/kit/mariadb-server.ts';
import type { MariaDbServer } from '#test/kit/mariadb-server.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { mysqlConnection } from './connection.ts';
import { mysqlConnectionConfig } from './connection-config.ts';

let server: MariaDbServer;

function context(signal: AbortSignal = new AbortController().signal): Context {
  return {
    log: keptLog().log,
    signal,
    tempDir: async () => '/nowhere',
    transactionTime: new Date(0),
    isPreview: false,
  };
}

function configOf(options: object): ReturnType<typeof mysqlConnectionConfig.parse> {
  const { ['type']: _, ...own } = server.options;
  return mysqlConnectionConfig.parse({ ...own, ...options });
}

/** Outcomes by check: the detail, or the code of the error. */
async function tested(
  options: object = {},
  signal?: AbortSignal,
  use?: ConnectionUse,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, outcome, detail, reason } of mysqlConnection.test(configOf(options), context(signal), use)) {
    found[name] = `${reason?.code ?? outcome}: ${detail}`;
  }
  return found;
}

function browse(request: Partial<BrowseRequest>, options: object = {}): Promise<EntryPage> {
  return mysqlConnection.browse(configOf(options), { path: [], limit: 100, ...request }, context());
}

const NOT_TRIED = 'skipped: Not tried, because';

describe.skipIf(mariadbMissing !== '')(`mysqlConnection${mariadbMissing}`, () => {
  beforeAll(async () => {
    server = await mariadbServer();
    await server.query(`
      CREATE TABLE orders (id bigint PRIMARY KEY, total decimal(10, 2) DEFAULT 0 COMMENT 'Money', note text) COMMENT 'What was bought';
      INSERT INTO orders VALUES (1, 2.5, 'x'); CREATE VIEW totals AS SELECT sum(total) AS total FROM orders;
      CREATE DATABASE \`odd \`\`name\`; CREATE TABLE \`odd \`\`name\`.\`t'x\` (b int, a int NOT NULL, PRIMARY KEY (a, b));
      CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'r'; GRANT SELECT ON ropeway.* TO reader@'127.0.0.1';
      CREATE USER guest@'127.0.0.1' IDENTIFIED BY 'g'; CREATE DATABASE hollow`);
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
          /^passed: ropeway@127\.0\.0\.1 is let in to MariaDB \d+.* \(utf8mb4\)\.$/,
        ) as string,
        list: 'passed: The database ropeway has 2 tables and views.',
        read: 'passed: orders can be read.',
        write: 'passed: A table can be made in the database ropeway and filled.',
      });
      expect((await tested({}, undefined, 'in'))['write']).toBe('skipped: An input writes nothing.');
      expect(await server.query("SHOW TABLES LIKE 'ropeway%'")).toEqual([]);
    });

    it.each<[string, object, string, string]>([
      ['a host that is not known', { host: 'nowhere.invalid' }, 'resolve', 'NETWORK_HOST_UNKNOWN'],
      ['a port where nobody listens', { port: 1 }, 'connect', 'NETWORK_REFUSED'],
      ['a socket that is not there', { host: '/nowhere' }, 'connect', 'NETWORK_REFUSED'],
      ['a name that is not in the certificate', { ssl: 'verify', authority: true }, 'tls', 'NETWORK_TLS_NAME'],
      ['an unknown authority', { ssl: 'verify_ca' }, 'tls', 'NETWORK_TLS_UNTRUSTED'],
      ['a wrong password', { password: 'wrong' }, 'log_in', 'MYSQL_AUTH_FAILED'],
      ['a missing database', { database: 'nowhere' }, 'log_in', 'MYSQL_DATABASE_MISSING'],
      ['a database of others', { user: 'guest', password: 'g' }, 'log_in', 'MYSQL_PRIVILEGE_MISSING'],
    ])(
      'tells of %s, and tries nothing after it',
      async (_title, { authority, ...options }: { authority?: boolean }, name, code) => {
        const found = await tested(authority === true ? { ...options, ssl_ca: server.authority } : options);
        const names = Object.keys(found);
        expect(found[name]).toMatch(new RegExp(`^${code}: .*\\.$`));
        for (const later of names.slice(names.indexOf(name) + 1)) expect(found[later]).toContain(NOT_TRIED);
        expect(names).toEqual(['resolve', 'connect', 'tls', 'log_in', 'list', 'read', 'write']);
        expect(Object.values(found).join('')).not.toContain("pass'word");
      },
    );

    it('takes missing rights for what they are: enough for some jobs', async () => {
      const reader = await tested({ user: 'reader', password: 'r' });
      expect(reader['read']).toBe('passed: orders can be read.');
      expect(reader['write']).toBe('skipped: This user may not create tables in `ropeway`, as an output has to.');
      expect((await tested({ database: 'hollow' }))['read']).toBe('skipped: The database hollow has no table to read.');
      const guest = await tested({ user: 'guest', password: 'g', database: undefined });
      expect(guest['list']).toMatch(/^passed: This user sees \d+ tables/);
      expect(guest['read']).toContain('No `database` is named');
    });

    it('tells who the server is', async () => {
      const full = await tested({ ssl: 'verify', ssl_ca: server.authority, host: 'localhost' });
      expect(full['tls']).toMatch(/^passed: TLSv1\.3 with localhost, certified by localhost until 20\d\d-\d\d-\d\d\.$/);
      expect(full['write']).toMatch(/^passed/);
      expect((await tested({ ssl: true }))['tls']).toMatch(/It is not checked; it would fail/);
      const stranger = certificateAuthority();
      try {
        expect((await tested({ ssl: 'verify_ca', ssl_ca: stranger.caFile }))['tls']).toMatch(/^NETWORK_TLS_UNTRUSTED/);
      } finally {
        stranger[Symbol.dispose]();
      }
    });

    it('stops at once', async () => {
      const stopping = new AbortController();
      stopping.abort();
      expect((await tested({}, stopping.signal))['connect']).toMatch(/^NETWORK_STOPPED/);
    });
  });

  describe('browse()', () => {
    it('goes from databases to columns', async () => {
      const databases = await browse({});
      expect(databases.entries.map(({ name, kind }) => [name, kind])).toEqual([
        ['hollow', 'database'],
        ['odd `name', 'database'],
        ['ropeway', 'database'],
      ]);
      expect((await browse({ path: ['ropeway'] })).entries).toEqual([
        {
          name: 'orders',
          kind: 'table',
          isContainer: true,
          details: { engine: 'InnoDB', estimatedRows: 1, sizeBytes: 16_384, comment: 'What was bought' },
        },
        { name: 'totals', kind: 'view', isContainer: true },
      ]);
      const columns = await browse({ path: ['ropeway', 'orders'] });
      expect(columns.entries.map(({ name, details }) => [name, details])).toEqual([
        ['id', { type: 'bigint(20)', isNullable: false, position: 1, primaryKeyPosition: 1 }],
        ['note', { type: 'text', isNullable: true, position: 3 }],
        ['total', { type: 'decimal(10,2)', isNullable: true, position: 2, default: '0.00', comment: 'Money' }],
      ]);
      const odd = await browse({ path: ['odd `name', "t'x"] });
      expect(odd.entries.map(({ name, details }) => [name, details?.['primaryKeyPosition']])).toEqual([
        ['a', 1],
        ['b', 2],
      ]);
    });

    it.each([[['nowhere']], [['ropeway', 'nowhere']], [['ropeway', 'orders', 'id']]])(
      'tells that %j is not there',
      async (path) => {
        await expect(browse({ path })).rejects.toMatchObject({ code: 'MYSQL_NOTHING_THERE' });
      },
    );

    it('pages through thousands of tables, each page as fast as the first', async () => {
      await server.query('CREATE DATABASE many');
      const names = Array.from(
        { length: 1500 },
        (_, index) => `${index % 10 === 0 ? 'É' : index % 10 === 1 ? 'T' : 't'}_${index}`,
      );
      const extra = ['t_0123456789abcdef01_ropeway_0', 'orders_0m1abcdefab12cd34_ropeway_done', 'T_2', 't_0'];
      // Empty files of an engine that has no data are made quickly.
      await server.query(
        [...names, ...extra].map((name) => `CREATE TABLE many.\`${name}\` (a int) ENGINE=MEMORY`).join(';'),
      );
      const found: string[] = [];
      let slowest = 0;
      let after: string | undefined;
      do {
        const startedAt = performance.now();
        const { entries, next }: EntryPage = await browse({
          path: ['many'],
          limit: 400,
          ...(after === undefined ? {} : { after }),
        });
        slowest = Math.max(slowest, performance.now() - startedAt);
        found.push(...entries.map(({ name }) => name));
        after = next;
      } while (after !== undefined);
      const isOurs = (name: string): boolean => name.includes('_ropeway_done');
      const expected = [...names, ...extra].filter((name) => !isOurs(name));
      expect(found).toEqual(expected.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      // It takes some hundredths of a second; the bound tells it from a search through everything.
      expect(slowest).toBeLessThan(2000);
      const some = await browse({ path: ['many'], prefix: 't_149', limit: 7 });
      expect(some.entries.map(({ name }) => name)).toEqual([
        't_149',
        't_1492',
        't_1493',
        't_1494',
        't_1495',
        't_1496',
        't_1497',
      ]);
      const rest = await browse({ path: ['many'], prefix: 't_149', after: 't_1497', limit: 7 });
      expect(rest.entries.map(({ name }) => name)).toEqual(['t_1498', 't_1499']);
      expect(rest.next).toBeUndefined();
    });
  });
});
