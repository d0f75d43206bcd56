/** The input against a real server: every type, every way to choose rows, and everything that can go wrong. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { valueAt } from '#spi/batch.ts';
import type { TaskContext } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Report } from '#spi/records.ts';
import { lateProxy } from '#test/kit/late-proxy.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { fail, readCsv, succeed, tableToCsv, tableToTable } from '#test/kit/postgres-jobs.ts';
import type { Options } from '#test/kit/postgres-jobs.ts';
import { postgresMissing, postgresServer } from '#test/kit/postgres-server.ts';
import type { PostgresServer } from '#test/kit/postgres-server.ts';
import { everyType } from '#test/kit/postgres-types.ts';
import { workspace } from '#test/kit/workspace.ts';
import { PgSession } from './client.ts';
import { postgresqlInputConfig } from './config.ts';
import { postgresqlInput } from './input.ts';

let server: PostgresServer;

function context(): TaskContext {
  return {
    log: keptLog().log,
    signal: new AbortController().signal,
    tempDir: async () => '/nowhere',
    transactionTime: new Date(),
    isPreview: false,
    taskIndex: 0,
    reject: ({ reason }) => {
      throw reason;
    },
    progress: () => {},
  };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await wait(10);
}

/** What the plugin reads, without the command around it: for tables of cases. */
async function readValues(options: Options): Promise<{ values: unknown[][]; diff: JsonObject }> {
  const { ['type']: _, ...written } = { ...server.options, ...options };
  const config = postgresqlInputConfig.parse(written);
  const ctx = context();
  const { schema, tasks } = await postgresqlInput.plan(config, ctx);
  const values: unknown[][] = [];
  const reports: Report[] = [];
  for (const task of tasks) {
    // A task may go to another process.
    const batches = postgresqlInput.read(config, JSON.parse(JSON.stringify(task)) as typeof task, schema, ctx);
    for (let step = await batches.next(); ; step = await batches.next()) {
      if (step.done === true) {
        reports.push(step.value);
        break;
      }
      const { rowCount, vectors } = step.value;
      for (let row = 0; row < rowCount; row++) values.push(vectors.map((vector) => valueAt(vector, row)));
    }
  }
  return { values, diff: (await postgresqlInput.commit?.(config, tasks, reports, ctx)) ?? {} };
}

describe.skipIf(postgresMissing !== '')(`postgresqlInput${postgresMissing}`, () => {
  beforeAll(async () => {
    server = await postgresServer();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it('reads every type so that the output brings it back, at its extremes and as NULL', async () => {
    await using place = await workspace();
    await server.query(everyType);
    // Doubles would round the decimals, and canonical JSON is another text for the same value.
    const [text, exact] = [{ type: 'string' }, { value_type: 'string' }];
    const options = { n: text, n2: text, j: exact, jb: exact };
    const input = { table: 'Torture "t', column_options: options };
    await succeed(place, tableToTable(server, input, { table: 'copied', mode: 'insert' }));
    const texts = async (table: string): Promise<unknown[][]> =>
      server.query(`SELECT whole_row::text FROM ${table} AS whole_row ORDER BY i8, f8`);
    const source = await texts('"Torture ""t"');
    expect(source).toHaveLength(5);
    expect(await texts('copied')).toEqual(source);
  });

  const evening = Date.UTC(2024, 5, 30, 22) / 1000;

  it.each<[string, string, object, unknown]>([
    ['long', '5::int4', { type: 'boolean' }, true],
    ['long', '(-7)::int8', { type: 'double' }, -7],
    ['long', '9223372036854775807', { type: 'string' }, '9223372036854775807'],
    ['float', '0.1::float4', {}, 0.10000000149011612],
    ['float', '0.1::float4', { type: 'string' }, '0.1'],
    ['double', '-2.5::float8', { type: 'long' }, -3n],
    ['double', '1e20::float8', { type: 'string' }, '1.0E20'],
    ['decimal', '-2.9::numeric', { type: 'long' }, -2n],
    ['decimal', '100000.00000000000000001::numeric', { type: 'string' }, '100000.00000000000000001'],
    ['decimal', '0.5::numeric', {}, 0.5],
    ['boolean', 'true', { type: 'long' }, 1n],
    ['boolean', 'false', { type: 'string' }, 'false'],
    ['string', "'12'::text", { type: 'long' }, 12n],
    ['string', "'-0012'::text", { value_type: 'long' }, -12n],
    ['string', "'1.5'::text", { value_type: 'double' }, 1.5],
    ['string', "'2024-06-30 22:00'::text || ':00'", { value_type: 'timestamp' }, { seconds: evening, nanos: 0 }],
    ['json', `'{"a": [1, 2]}'::jsonb`, {}, '{"a":[1,2]}'],
    ['json', `'{"a": 1.50}'::json`, { type: 'string' }, '{"a": 1.50}'],
    ['date', "'2024-02-29'::date", { type: 'string' }, '2024-02-29'],
    ['time', "'13:04:05'::time", { type: 'string' }, '13:04:05'],
    [
      'timestamp',
      "'2024-07-01 23:30:00+00'::timestamptz",
      { type: 'string', timezone: 'Asia/Tokyo' },
      '2024-07-02 08:30:00',
    ],
    ['timestamp', "'2024-07-01'::timestamp", { type: 'string', timestamp_format: '%d.%m.%Y' }, '01.07.2024'],
    ['timestamp', "'2024-07-01 00:00:00.25+02'::timestamptz", {}, { seconds: evening, nanos: 250_000_000 }],
    ['array', 'ARRAY[1, NULL, 3]', { type: 'json' }, '[1,null,3]'],
    ['array', "ARRAY['a b', 'c']", {}, '{"a b",c}'],
    ['range', "'[1,5)'::int4range", {}, '[1,5)'],
  ])('converts a %s: %s with %j', async (_kind, value, options, expected) => {
    const { values } = await readValues({ query: `SELECT ${value} AS v;`, column_options: { V: options } });
    expect(values).toEqual([[expected]]);
  });

  it('takes options by the type of a column, and warns once of decimals that doubles round', async () => {
    await using place = await workspace();
    const input = { query: 'SELECT i + 0.1234567890123456789 AS d FROM generate_series(1, 3) AS i' };
    const told = await succeed(place, tableToCsv(server, input));
    expect(told.match(/Decimals are rounded/g)).toHaveLength(1);
    const exact = { ...input, default_column_options: { NUMERIC: { type: 'string' } } };
    expect(await readCsv(place, server, exact)).toContain('3.1234567890123456789');
  });

  it('reads a large table in many batches, with its order, and counts the bytes', async () => {
    await using place = await workspace();
    const query = "SELECT i, repeat('x', i % 50 + 1) AS t FROM generate_series(1, 50000) AS i ORDER BY i";
    const rows = (await readCsv(place, server, { query })).trimEnd().split('\n').slice(1);
    expect(rows).toHaveLength(50_000);
    expect(rows.every((row, index) => row === `${index + 1},${'x'.repeat(((index + 1) % 50) + 1)}`)).toBe(true);
  });

  it('reads a cell that is larger than everything that waits on the way', async () => {
    await using place = await workspace();
    const rows = await readCsv(place, server, { query: "SELECT 1 AS i, repeat('é', 3000000) AS t" });
    expect(rows).toBe(`i,t\n1,${'é'.repeat(3_000_000)}\n`);
  });

  it('reads nothing from an empty table', async () => {
    await using place = await workspace();
    await server.query('CREATE TABLE nothing (a int, "B b" text)');
    expect(await readCsv(place, server, { table: 'NOTHING' })).toBe('a,B b\n');
  });

  it('shows a preview without reading everything', async () => {
    await using place = await workspace();
    await place.write('config.yml', tableToCsv(server, { query: 'SELECT generate_series(1, 100000000) AS n' }));
    const { exitCode, stdout, stderr } = await place.ropeway(['preview', 'config.yml']);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain('15');
  });

  it('takes select, where, order_by, and SQL before and after in the same transaction', async () => {
    await using place = await workspace();
    await server.query('CREATE TABLE chosen AS SELECT i AS id, i * 2 AS two FROM generate_series(1, 5) AS i');
    const input = {
      table: 'chosen',
      select: 'two, id',
      where: 'id > 1 -- not the first',
      order_by: 'id DESC',
      before_setup: 'INSERT INTO chosen VALUES (6, 12); SELECT 1',
      before_select: 'DELETE FROM chosen WHERE id = 3',
      after_select: 'DELETE FROM chosen WHERE id < 3',
    };
    expect(await readCsv(place, server, input)).toBe('two,id\n12,6\n10,5\n8,4\n4,2\n');
    expect(await server.query('SELECT id FROM chosen ORDER BY id')).toEqual([[4], [5], [6]]);
  });

  describe('incremental', () => {
    it('reads what is behind the last record, over several columns', async () => {
      await using place = await workspace();
      await server.query(`CREATE TABLE growing ("At" timestamptz, id int8, n text);
        INSERT INTO growing VALUES ('2024-01-01 00:00:00.5+00', 9007199254740993, 'b'), ('2024-01-01', 7, 'a')`);
      const input = { table: 'growing', incremental: true, incremental_columns: ['at', 'id'], select: 'n, "At", id' };
      const names = async (): Promise<string[]> =>
        (await readCsv(place, server, input, ['-c', 'diff.yml']))
          .split('\n')
          .slice(1, -1)
          .map((row) => row[0] ?? '');
      expect(await names()).toEqual(['a', 'b']);
      const state = await place.read('diff.yml');
      expect(state).toContain('2024-01-01T00:00:00.500000Z');
      expect(state).toContain('9007199254740993');
      expect(await names()).toEqual([]);
      expect(await place.read('diff.yml')).toBe(state);
      await server.query(`INSERT INTO growing VALUES ('2024-01-01 00:00:00.5+00', 9007199254740992, 'no'),
        ('2024-01-01 00:00:00.5+00', 9007199254740994, 'c'), ('2024-01-02', 1, 'd')`);
      expect(await names()).toEqual(['c', 'd']);
    });

    it('uses the primary key when no column is named', async () => {
      await using place = await workspace();
      await server.query(
        `CREATE TABLE keyed (b int, a text, PRIMARY KEY (a, b)); INSERT INTO keyed VALUES (1, 'x''y')`,
      );
      const input = { table: 'keyed', incremental: true };
      expect(await readCsv(place, server, input, ['-c', 'diff.yml'])).toBe("b,a\n1,x'y\n");
      await server.query(`INSERT INTO keyed VALUES (2, 'x''y'), (0, 'a')`);
      expect(await readCsv(place, server, input, ['-c', 'diff.yml'])).toBe("b,a\n2,x'y\n");
    });

    it('puts a query into a sub-query, or values into its placeholders', async () => {
      await using place = await workspace();
      const query = 'SELECT i AS id FROM generate_series(1, 6) AS i; ';
      const wrapped = { query, incremental: true, incremental_columns: ['id'], last_record: [3] };
      expect(await readCsv(place, server, wrapped)).toBe('id\n4\n5\n6\n');
      const raw = {
        query: "SELECT ':id'::text AS t, i AS id FROM generate_series(1, 6) AS i WHERE i > :id AND i < :id_max -- :id",
        incremental: true,
        use_raw_query_with_incremental: true,
        incremental_columns: ['id', 'id_max'],
        last_record: [2, 5],
      };
      expect(await fail(place, tableToCsv(server, raw))).toContain("no column 'id_max'");
      const one = { ...raw, query: raw.query.replace(':id_max', '5'), incremental_columns: ['id'], last_record: [2] };
      expect(await readCsv(place, server, one, ['-c', 'diff.yml'])).toBe('t,id\n:id,3\n:id,4\n');
      expect(await place.read('diff.yml')).toMatch(/last_record:\s*(-|\[)\s*4/);
    });

    it.each([
      ['char(5)', "'abc'", "'abd'"],
      ['varchar(3)', "'ab'", "'b\\'"],
      ['numeric', '0.10000000000000000001', '0.10000000000000000002'],
      ['float8', '0.1', '0.30000000000000004'],
      ['date', "'2024-02-29'", "'2024-03-01'"],
      ['timestamp', "'2024-02-29 23:59:59.999999'", "'0044-03-15 BC'::timestamp + interval '3000 years'"],
      ['uuid', "'00000000-0000-0000-0000-000000000001'", "'10000000-0000-0000-0000-000000000000'"],
      ['bit(3)', "B'011'", "B'101'"],
    ])('remembers a %s', async (type, first, second) => {
      const table = `last_${type.replace(/\W/g, '')}`;
      const input = { table, incremental: true, incremental_columns: ['v'], select: 'n, v' };
      const numbers = async (state: JsonObject): Promise<readonly [unknown[], JsonObject]> => {
        const { values, diff } = await readValues({ ...input, ...state });
        return [values.map(([n]) => n), diff];
      };
      await server.query(`CREATE TABLE ${table} (n int, v ${type}); INSERT INTO ${table} VALUES (1, ${first})`);
      const [rows, state] = await numbers({});
      expect(rows).toEqual([1n]);
      expect(await numbers(state)).toEqual([[], state]);
      await server.query(`INSERT INTO ${table} VALUES (2, ${second})`);
      expect((await numbers(state))[0]).toEqual([2n]);
    });

    it('refuses to remember a null', async () => {
      await using place = await workspace();
      const input = { query: 'SELECT NULL::int AS id', incremental: true, incremental_columns: ['id'] };
      expect(await fail(place, tableToCsv(server, input))).toContain('PG_INCREMENTAL_NULL');
    });
  });

  it.each<[string, object, string]>([
    ['neither table nor query', {}, 'either `table` or `query`'],
    ['both', { table: 't', query: 'SELECT 1' }, 'not both'],
    ['where with query', { query: 'SELECT 1', where: 'true' }, '`where` belongs to `table`'],
    ['order_by with incremental', { table: 't', incremental: true, order_by: 'a' }, '`order_by` cannot be set'],
    ['columns without incremental', { table: 't', incremental_columns: ['a'] }, 'needs `incremental: true`'],
    ['a query without columns', { query: 'SELECT 1', incremental: true }, 'needs `incremental_columns`'],
    ['a short last record', { table: 't', incremental: true, incremental_columns: ['a'], last_record: [] }, '0 values'],
    [
      'a conversion that is none',
      { query: 'SELECT true AS a', column_options: { a: { type: 'json' } } },
      'PG_CONVERSION',
    ],
    ['a value that does not convert', { query: "SELECT 'x' AS a", column_options: { a: { type: 'long' } } }, "'x'"],
    ['a missing table', { table: 'no_such_table' }, 'PG_TABLE_MISSING'],
    ['a missing column', { table: 'pg_class', schema: 'pg_catalog', select: 'nothing' }, 'PG_COLUMN_MISSING'],
    ['faulty SQL', { query: 'SELEKT 1' }, 'PG_STATEMENT'],
    ['two statements', { query: 'SELECT 1; SELECT 2' }, 'PG_STATEMENT'],
    ['an infinite date', { query: "SELECT 'infinity'::date AS d" }, 'PG_INFINITE_DATE'],
    ['a division by zero', { query: 'SELECT 1 / (3 - i) AS q FROM generate_series(1, 5) AS i' }, 'division by zero'],
    ['a statement that takes too long', { query: 'SELECT pg_sleep(60)', statement_timeout_millis: 50 }, 'PG_CANCELLED'],
    ['a server that says nothing', { query: 'SELECT pg_sleep(60)', socket_timeout: 1 }, 'PG_SOCKET_TIMEOUT'],
    ['a wrong password', { query: 'SELECT 1', password: 'wrong' }, 'PG_AUTH_FAILED'],
    ['no password', { query: 'SELECT 1', password: '' }, 'PG_AUTH_FAILED'],
    ['a missing database', { query: 'SELECT 1', database: 'nowhere' }, 'PG_DATABASE_MISSING'],
    ['a closed port', { query: 'SELECT 1', port: 1 }, 'PG_CONNECTION_REFUSED'],
    ['TLS that the server has not', { query: 'SELECT 1', ssl: true }, 'PG_TLS'],
    ['a CA file that is not there', { query: 'SELECT 1', sslmode: 'verify-full', sslrootcert: 'no.pem' }, 'no.pem'],
  ])('tells %s', async (_title, input, expected) => {
    const error: unknown = await readValues({ ...input }).catch((thrown: unknown) => thrown);
    expect(isRopewayError(error) ? `${error.code}: ${error.message}` : error).toContain(expected);
  });

  it('makes infinite dates null when asked to', async () => {
    await using place = await workspace();
    const input = { query: "SELECT 1 AS a, '-infinity'::timestamptz AS d", infinite_dates: 'null' };
    expect(await readCsv(place, server, input)).toBe('a,d\n1,\n');
  });

  it('tells that a right is missing', async () => {
    await using place = await workspace();
    await server.query(`CREATE TABLE secret (a int); CREATE ROLE guest LOGIN PASSWORD 'guest'`);
    const input = { table: 'secret', user: 'guest', password: 'guest' };
    expect(await fail(place, tableToCsv(server, input))).toContain('PG_PRIVILEGE_MISSING');
  });

  it('encrypts, and checks the server as far as it is told to', async () => {
    const sslrootcert = await server.enableTls();
    const query = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    expect((await readValues({ query, sslmode: 'disable' })).values).toEqual([[false]]);
    const accepted: Options[] = [
      { ssl: true },
      { sslmode: 'require' },
      { sslmode: 'verify-ca', sslrootcert },
      { sslmode: 'verify-full', sslrootcert, host: 'localhost' },
    ];
    for (const options of accepted) expect((await readValues({ query, ...options })).values).toEqual([[true]]);
    const refused: Options[] = [
      { sslmode: 'verify-ca' },
      { sslmode: 'verify-full', host: 'localhost' },
      { sslmode: 'verify-full', sslrootcert },
    ];
    for (const options of refused) {
      await expect(readValues({ query, ...options })).rejects.toMatchObject({ code: 'PG_TLS' });
    }
  });

  it('ends what the server does when the run is stopped', async () => {
    await using place = await workspace();
    const query = 'SELECT count(*) FROM generate_series(1, 100000000000) AS i';
    await place.write('config.yml', tableToCsv(server, { query, application_name: 'stopped' }));
    const active = async (): Promise<unknown> =>
      (await server.query("SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'stopped'"))[0]?.[0];
    const { promise: done, resolve: end } = Promise.withResolvers<void>();
    const reading = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'stopped' AND query LIKE 'COPY%'";
    const result = await place
      .ropeway(['run', 'config.yml'], {
        started: async (pid) => {
          await Promise.race([until(async () => (await server.query(reading)).length > 0), done]);
          process.kill(pid, 'SIGINT');
        },
      })
      .finally(end);
    expect(result.exitCode, result.stderr).toBe(130);
    // The query would go on for hours.
    await until(async () => (await active()) === 0);
  });

  it('ends a statement that reaches the server after the word to end it', async () => {
    await using gate = await lateProxy(server.port);
    const { ['type']: _, ...written } = {
      ...server.options,
      host: '127.0.0.1',
      port: gate.port,
      query: 'SELECT 1',
    } as Options;
    const stop = new AbortController();
    const ctx = { ...context(), signal: stop.signal };
    const session = await PgSession.open(postgresqlInputConfig.parse(written), ctx);
    gate.hold();
    const answer = session.query('SELECT pg_sleep(1000)');
    stop.abort();
    await expect(answer).rejects.toMatchObject({ code: 'PG_STOPPED' });
    await session.close();
    // The server ends the connection at once, instead of sleeping first.
    await gate.release();
  });
});
