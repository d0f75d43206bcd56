/** The input against a real server: every type, every way to choose rows, and everything that can go wrong. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { valueAt } from '#spi/batch.ts';
import type { TaskContext } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Report } from '#spi/records.ts';
import { breakingProxy } from '#test/kit/breaking-proxy.ts';
import { mariadbMissing, mariadbServer } from '#test/kit/mariadb-server.ts';
import type { MariaDbServer } from '#test/kit/mariadb-server.ts';
import { lateProxy } from '#test/kit/late-proxy.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { fail, readCsv, succeed, tableToCsv, tableToTable } from '#test/kit/postgres-jobs.ts';
import type { Options } from '#test/kit/postgres-jobs.ts';
import { sshMissing, sshServer } from '#test/kit/ssh-server.ts';
import { workspace } from '#test/kit/workspace.ts';
import { MySqlSession } from './client.ts';
import { mysqlInput } from './input.ts';
import { mysqlInputConfig } from './input-config.ts';

let server: MariaDbServer;

/** Every type, at the ends of its range and with what is special to it. */
const torture = String.raw`
SET sql_mode = '', time_zone = '+00:00';
CREATE TABLE ${'`Torture `` t`'} (
  i1 tinyint, u1 tinyint unsigned, i2 smallint, u2 smallint unsigned, i3 mediumint, u3 mediumint unsigned,
  i4 int, u4 int unsigned zerofill, i8 bigint, u8 bigint unsigned, f4 float, f8 double,
  n decimal(65, 30), n2 decimal(10, 3),
  b boolean, b1 bit(1), b64 bit(64), d date, tm time(6), t0 time, dt datetime(6), d0 datetime, ts timestamp(6) NULL,
  y year, c char(5), v varchar(20), tt tinytext, t text, mt mediumtext, lt longtext,
  latin varchar(10) CHARACTER SET latin1,
  bi binary(3), vb varbinary(10), bl blob, lb longblob, e enum('a', 'it''s "é"', ''), s set('x', 'y', 'é'), j json,
  ${'`Quoted `` col`'} text);
INSERT INTO ${'`Torture `` t`'} VALUES
  (-128, 0, -32768, 0, -8388608, 0, -2147483648, 0, -9223372036854775808, 0, -3.40282347e38, -1.7976931348623157e308,
   -99999999999999999999999999999999999.999999999999999999999999999999, -1234567.891, 0, 0, 0, '1000-01-01', '-838:59:59',
   '-838:59:59', '1000-01-01', '1000-01-01', '1970-01-01 00:00:01', 1901, '', '', '', '', '', '', '', '', '', '', '', 'a', '',
   '{"a":1}', 'tab\there'),
  (127, 255, 32767, 65535, 8388607, 16777215, 2147483647, 4294967295, 9223372036854775807, 18446744073709551615,
   3.40282347e38, 1.7976931348623157e308, 99999999999999999999999999999999999.999999999999999999999999999999,
   9999999.999,
   1, 1, 18446744073709551615, '9999-12-31', '838:59:59', '838:59:59', '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59',
   '2038-01-19 03:14:07.999999', 2155, 'é😀', 'tab\t nl\n \\N \\. \'"\0\Z', repeat('é', 127), '日本語😀', '\r\n', repeat('x', 100000),
   'é', x'00ff0a', x'5c4e09', x'00ff5c090a27', repeat(x'00', 100000), 'it''s "é"', 'x,é', '[1.50, "\\u00e9"]', '\\N'),
  (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0.1, 5e-324, 0.000000000000000000000000000001, 0, 7, 1, 9223372036854775808,
   '1969-12-31', '12:34:56.789', '00:00:00', '1969-12-31 23:59:59.999999', '2024-02-29 12:00:00',
   '2024-02-29 12:00:00.5', 0, ' a', ' x ', ' ', ' ', ' ', ' ', 'ÿ', x'20', x'', x'', x'', '', 'y', 'null', ''),
  (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1.17549435e-38, 2.2250738585072014e-308, 0, 0, -1, 0, 255, '2024-12-31', '23:59:59.999999',
   '24:00:00', '2024-01-01 00:00:00.1', '2024-01-01', '2001-09-09 01:46:40.123456', 2000, 'x', 'x', 'x', 'x', 'x', 'x', 'x',
   x'ffffff', x'ff', x'ff', x'ff', 'a', 'x,y,é', '{}', 'x'),
  (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   NULL, NULL, NULL,
   NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE copied LIKE ${'`Torture `` t`'}; SET sql_mode = DEFAULT`;

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
async function readValues(options: Options): Promise<{ values: unknown[][]; diff: JsonObject; tasks: number }> {
  const { ['type']: _, ...written } = { ...server.options, ...options } as Record<string, unknown>;
  const config = mysqlInputConfig.parse(written);
  const ctx = context();
  const { schema, tasks } = await mysqlInput.plan(config, ctx);
  const values: unknown[][] = [];
  const reports: Report[] = [];
  for (const task of tasks) {
    // A task may go to another process.
    const batches = mysqlInput.read(config, JSON.parse(JSON.stringify(task)) as typeof task, schema, ctx);
    for (let step = await batches.next(); ; step = await batches.next()) {
      if (step.done === true) {
        reports.push(step.value);
        break;
      }
      const { rowCount, vectors } = step.value;
      for (let row = 0; row < rowCount; row++) values.push(vectors.map((vector) => valueAt(vector, row)));
    }
  }
  const diff = (await mysqlInput.commit?.(config, tasks, reports, ctx)) ?? {};
  return { values, diff, tasks: tasks.length };
}

describe.skipIf(mariadbMissing !== '')(`mysqlInput${mariadbMissing}`, () => {
  beforeAll(async () => {
    server = await mariadbServer(['--local-infile=1']);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it('reads every type so that the output brings it back, at its extremes and as NULL', async () => {
    await using place = await workspace();
    await server.query(torture);
    // Doubles would round the decimals, canonical JSON is another text for the same value, and times may be durations.
    const [text, exact] = [{ type: 'string' }, { value_type: 'string' }];
    const options = { n: text, n2: text, u8: text, b64: text, tm: exact, t0: exact, j: exact, b: { type: 'long' } };
    const input = { table: 'torture ` T', column_options: options };
    await succeed(place, tableToTable(server, { ...input, table: 'Torture ` t' }, { table: 'copied', mode: 'insert' }));
    const columns = (
      await server.query("SELECT column_name FROM information_schema.columns WHERE table_name = 'copied'")
    ).map(([name]) => `hex(\`${(name ?? '').replaceAll('`', '``')}\`)`);
    const texts = (table: string): Promise<unknown[][]> =>
      server.query(`SELECT ${columns.join(', ')}, f4 + 0e0, f8 FROM ${table} ORDER BY i1 IS NULL, i1`);
    const source = await texts('`Torture `` t`');
    expect(source).toHaveLength(5);
    expect(await texts('copied')).toEqual(source);
  });

  const evening = Date.UTC(2024, 5, 30, 22) / 1000;

  it.each<[string, string, object, unknown]>([
    ['long', '5', { type: 'boolean' }, true],
    ['long', '-7', { type: 'double' }, -7],
    ['long', '9223372036854775807', { type: 'string' }, '9223372036854775807'],
    ['unsigned long', '18446744073709551615', { type: 'string' }, '18446744073709551615'],
    ['unsigned long', '9223372036854775808 - 1', {}, 2n ** 63n - 1n],
    ['float', 'CAST(0.1 AS FLOAT)', {}, 0.10000000149011612],
    ['float', 'CAST(0.1 AS FLOAT)', { type: 'string' }, '0.1'],
    ['double', '-25e-1', { type: 'long' }, -3n],
    ['double', '1e20', { type: 'string' }, '1.0E20'],
    ['decimal', '-2.9', { type: 'long' }, -2n],
    ['decimal', '100000.00000000000000001', { type: 'string' }, '100000.00000000000000001'],
    ['decimal', '0.5', {}, 0.5],
    ['decimal', '12345678901234567890.5', {}, 12345678901234567000],
    ['boolean', 'b FROM (SELECT CAST(1 AS SIGNED) AS b) AS t', {}, 1n],
    ['string', "'12'", { type: 'long' }, 12n],
    ['string', "'-0012'", { value_type: 'long' }, -12n],
    ['string', "'1.5'", { value_type: 'double' }, 1.5],
    ['string', "'2024-06-30 22:00:00'", { value_type: 'timestamp' }, { seconds: evening, nanos: 0 }],
    ['string', `'{"a": [1, 2]}'`, { type: 'json' }, '{"a":[1,2]}'],
    ['json', `JSON_OBJECT('a', 1.5)`, {}, '{"a":1.5}'],
    ['date', "DATE '2024-02-29'", { type: 'string' }, '2024-02-29'],
    ['date', "DATE '2024-06-30'", { value_type: 'string' }, '2024-06-30'],
    ['time', "TIME '13:04:05.25'", { type: 'string' }, '13:04:05.25'],
    ['time', "TIME '-13:04:05'", { type: 'string' }, '-13:04:05'],
    ['time', "TIME '00:00:01.5'", {}, { seconds: 1, nanos: 500_000_000 }],
    ['timestamp', "TIMESTAMP '2024-07-01 23:30:00'", { type: 'string', timezone: 'Asia/Tokyo' }, '2024-07-02 08:30:00'],
    ['timestamp', "TIMESTAMP '2024-07-01 00:00:00'", { type: 'string', timestamp_format: '%d.%m.%Y' }, '01.07.2024'],
    ['timestamp', "TIMESTAMP '2024-07-01 12:34:56.789'", { type: 'string' }, '2024-07-01 12:34:56.789'],
    ['timestamp', "TIMESTAMP '2024-07-01 12:34:56'", { value_type: 'time' }, { seconds: 45_296, nanos: 0 }],
    ['binary', "x'00ff'", {}, '00ff'],
    ['null', 'NULL', {}, null],
  ])('converts a %s: %s with %j', async (_kind, value, options, expected) => {
    const query = value.includes(' FROM ')
      ? `SELECT ${value.replace(/^(\w+) FROM/, '$1 AS v FROM')};`
      : `SELECT ${value} AS v;`;
    const { values } = await readValues({ query, column_options: { V: options } });
    expect(values).toEqual([[expected]]);
  });

  it('reads booleans, bits, years and dates as what they are', async () => {
    await server.query(`CREATE TABLE kinds (b boolean, b1 bit(1), b9 bit(9), y year, d date);
      INSERT INTO kinds VALUES (0, 0, 0, 1901, '1970-01-02'), (2, 1, 511, 0, '0001-01-01')`);
    expect((await readValues({ table: 'kinds' })).values).toEqual([
      [false, false, 0n, 1901n, { seconds: 86_400, nanos: 0 }],
      [true, true, 511n, 0n, { seconds: -62_135_596_800, nanos: 0 }],
    ]);
    const days = { y: { value_type: 'date' } };
    const { values } = await readValues({ table: 'kinds', column_options: days, select: 'y', where: 'b = 0' });
    expect(values).toEqual([[{ seconds: Date.UTC(1901) / 1000, nanos: 0 }]]);
    const numbers = { b: { type: 'long' }, b1: { type: 'long' }, b9: { type: 'string' } };
    expect((await readValues({ table: 'kinds', column_options: numbers, select: 'b, b1, b9' })).values).toEqual([
      [0n, 0n, '0'],
      [2n, 1n, '511'],
    ]);
  });

  it.each([
    ['base64', 'AP8='],
    ['hex', '00ff'],
  ])('spells bytes in %s', async (binary_format, expected) => {
    expect((await readValues({ query: "SELECT x'00ff'", binary_format })).values).toEqual([[expected]]);
  });

  it('takes bytes for texts when told to, but only where they are', async () => {
    expect((await readValues({ query: "SELECT x'c3a9'", binary_format: 'text' })).values).toEqual([['é']]);
    await expect(readValues({ query: "SELECT x'ff'", binary_format: 'text' })).rejects.toMatchObject({
      code: 'MYSQL_VALUE',
    });
  });

  it('reads geometry as bytes when asked to', async () => {
    const query = "SELECT ST_GeomFromText('POINT(1 2)') AS g";
    await expect(readValues({ query })).rejects.toMatchObject({ code: 'MYSQL_CONVERSION' });
    const { values } = await readValues({ query, column_options: { g: { value_type: 'string' } } });
    expect(values).toEqual([['000000000101000000000000000000f03f0000000000000040']]);
    expect((await readValues({ query: "SELECT ST_AsText(ST_GeomFromText('POINT(1 2)'))" })).values).toEqual([
      ['POINT(1 2)'],
    ]);
  });

  it('reads DATETIME in the zone it is meant in, and TIMESTAMP as the instant it is', async () => {
    await server.query(`SET time_zone = '+00:00'; CREATE TABLE zones (d datetime, t timestamp);
      INSERT INTO zones VALUES ('2024-07-01 09:00', '2024-07-01 09:00'); SET GLOBAL time_zone = '+05:00'`);
    const at = (hour: number): object => ({ seconds: Date.UTC(2024, 6, 1, hour) / 1000, nanos: 0 });
    expect((await readValues({ table: 'zones' })).values).toEqual([[at(9), at(9)]]);
    expect((await readValues({ table: 'zones', datetime_timezone: 'Asia/Tokyo' })).values).toEqual([[at(0), at(9)]]);
    await server.query('SET GLOBAL time_zone = DEFAULT');
  });

  it('makes zero dates null, or an error', async () => {
    await server.query(`SET sql_mode = ''; CREATE TABLE zeros (d date, t datetime, s timestamp NULL);
      INSERT INTO zeros VALUES ('0000-00-00', '0000-00-00', '0000-00-00'), ('2024-00-15', '2024-01-00', NULL)`);
    expect((await readValues({ table: 'zeros' })).values).toEqual([
      [null, null, null],
      [null, null, null],
    ]);
    const error = await readValues({ table: 'zeros', zero_dates: 'error' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'MYSQL_ZERO_DATE', message: expect.stringContaining('0000-00-00') as string });
    const texts = { d: { value_type: 'string' }, t: { value_type: 'string' } };
    expect((await readValues({ table: 'zeros', select: 'd, t', column_options: texts })).values).toEqual([
      ['0000-00-00', '0000-00-00 00:00:00'],
      ['2024-00-15', '2024-01-00 00:00:00'],
    ]);
  });

  it('takes options by the type of a column, and warns once of decimals that doubles round', async () => {
    await using place = await workspace();
    const input = { query: 'SELECT seq + 0.1234567890123456789 AS d FROM seq_1_to_3' };
    const told = await succeed(place, tableToCsv(server, input));
    expect(told.match(/Decimals are rounded/g)).toHaveLength(1);
    const exact = { ...input, default_column_options: { DECIMAL: { type: 'string' } } };
    expect(await readCsv(place, server, exact)).toContain('3.1234567890123456789');
  });

  it('reads a large table in many batches, with its order', async () => {
    await using place = await workspace();
    const query = "SELECT seq, repeat('x', seq % 50 + 1) AS t FROM seq_1_to_50000 ORDER BY seq";
    const rows = (await readCsv(place, server, { query })).trimEnd().split('\n').slice(1);
    expect(rows).toHaveLength(50_000);
    expect(rows.every((row, index) => row === `${index + 1},${'x'.repeat(((index + 1) % 50) + 1)}`)).toBe(true);
  });

  it('reads cells that are larger than everything that waits on the way, and than a packet', async () => {
    await server.query('SET GLOBAL max_allowed_packet = 64 * 1024 * 1024');
    const { values } = await readValues({ query: "SELECT 1 AS i, repeat('é', 9000000) AS t UNION ALL SELECT 2, 'x'" });
    expect(values.map(([i, t]) => [i, String(t).length])).toEqual([
      [1n, 9_000_000],
      [2n, 1],
    ]);
  });

  it('reads 300 columns, also null ones', async () => {
    const names = Array.from({ length: 300 }, (_, index) => `${index % 3 === 0 ? 'NULL' : index} AS c${index}`);
    const { values } = await readValues({ query: `SELECT ${names.join(', ')}` });
    expect(values[0]?.slice(-3)).toEqual([null, 298n, 299n]);
  });

  it('reads nothing from an empty table', async () => {
    await using place = await workspace();
    await server.query('CREATE TABLE nothing (a int, `B b` text)');
    expect(await readCsv(place, server, { table: 'NOTHING' })).toBe('a,B b\n');
  });

  it('shows a preview without reading everything', async () => {
    await using place = await workspace();
    await place.write('config.yml', tableToCsv(server, { query: 'SELECT seq FROM seq_1_to_1000000000' }));
    const { exitCode, stdout, stderr } = await place.ropeway(['preview', 'config.yml']);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain('15');
  });

  it('takes select, where, order_by, and SQL before and after in the same transaction', async () => {
    await using place = await workspace();
    await server.query('CREATE TABLE chosen AS SELECT seq AS id, seq * 2 AS two FROM seq_1_to_5');
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
    expect(await server.query('SELECT id FROM chosen ORDER BY id')).toEqual([['4'], ['5'], ['6']]);
  });

  describe('in several tasks', () => {
    it.each<[string, object, number]>([
      ['the primary key', { parallel: 4 }, 4],
      ['a column with nulls and a condition', { parallel: 3, split_column: 'N', where: 'id <= 900' }, 3],
      ['fewer values than tasks', { parallel: 64, where: 'id < 3' }, 2],
      ['no rows', { parallel: 4, where: 'id < 0' }, 1],
    ])('reads every row once: by %s', async (_title, options, count) => {
      await server.query(`CREATE OR REPLACE TABLE parts (id int PRIMARY KEY, n bigint);
        INSERT INTO parts SELECT seq, IF(seq % 7 = 0, NULL, -seq) FROM seq_1_to_1000`);
      const { values, tasks } = await readValues({ table: 'parts', select: 'id', ...options });
      expect(tasks).toBe(count);
      const where = 'where' in options ? ` WHERE ${String(options.where)}` : '';
      const expected = await server.query(`SELECT id FROM parts${where} ORDER BY id`);
      expect(values.map(([id]) => String(id)).sort((a, b) => Number(a) - Number(b))).toEqual(expected.flat());
    });

    it('runs them at once', async () => {
      await using place = await workspace();
      const config = tableToCsv(server, { table: 'parts', parallel: 4 }).replace(
        'min_output_tasks: 1',
        'max_threads: 2',
      );
      expect(await succeed(place, config)).toContain('tasks=4');
      expect((await place.outputs()).length).toBe(4);
    });
  });

  describe('incremental', () => {
    it('reads what is behind the last record, over several columns', async () => {
      await using place = await workspace();
      await server.query(`SET time_zone = '+00:00'; CREATE TABLE growing (At timestamp(6), id bigint, n text);
        INSERT INTO growing VALUES ('2024-01-01 00:00:00.5', 9007199254740993, 'b'), ('2024-01-01', 7, 'a')`);
      const input = { table: 'growing', incremental: true, incremental_columns: ['at', 'id'], select: 'n, At, id' };
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
      await server.query(`INSERT INTO growing VALUES ('2024-01-01 00:00:00.5', 9007199254740992, 'no'),
        ('2024-01-01 00:00:00.5', 9007199254740994, 'c'), ('2024-01-02', 1, 'd')`);
      expect(await names()).toEqual(['c', 'd']);
    });

    it('uses the primary key when no column is named', async () => {
      await using place = await workspace();
      await server.query(
        "CREATE TABLE keyed (b int, a varchar(10), PRIMARY KEY (a, b)); INSERT INTO keyed VALUES (1, 'x''y\\\\')",
      );
      const input = { table: 'keyed', incremental: true };
      expect(await readCsv(place, server, input, ['-c', 'diff.yml'])).toBe("b,a\n1,x'y\\\n");
      await server.query("INSERT INTO keyed VALUES (2, 'x''y\\\\'), (0, 'a')");
      expect(await readCsv(place, server, input, ['-c', 'diff.yml'])).toBe("b,a\n2,x'y\\\n");
    });

    it('puts a query into a sub-query, or values into its placeholders', async () => {
      await using place = await workspace();
      const query = 'SELECT seq AS id FROM seq_1_to_6; ';
      const wrapped = { query, incremental: true, incremental_columns: ['id'], last_record: [3] };
      expect(await readCsv(place, server, wrapped)).toBe('id\n4\n5\n6\n');
      const raw = {
        query: "SELECT ':id\\':id' AS t, seq AS `id` FROM seq_1_to_6 WHERE seq > :id AND seq < :id_max # :id",
        incremental: true,
        use_raw_query_with_incremental: true,
        incremental_columns: ['id', 'id_max'],
        last_record: [2, 5],
      };
      expect(await fail(place, tableToCsv(server, raw))).toContain("no column 'id_max'");
      const one = { ...raw, query: raw.query.replace(':id_max', '5'), incremental_columns: ['id'], last_record: [2] };
      expect(await readCsv(place, server, one, ['-c', 'diff.yml'])).toBe("t,id\n:id':id,3\n:id':id,4\n");
      expect(await place.read('diff.yml')).toMatch(/last_record:\s*(-|\[)\s*4/);
    });

    it.each([
      ['char(5)', "'abc'", "'abd'"],
      ['varchar(3)', "'ab'", "'b\\\\'"],
      ['decimal(30,20)', '0.10000000000000000001', '0.10000000000000000002'],
      ['bigint unsigned', '18446744073709551614', '18446744073709551615'],
      ['double', '0.1', '0.30000000000000004'],
      ['date', "'2024-02-29'", "'2024-03-01'"],
      ['datetime(6)', "'2024-02-29 23:59:59.999999'", "'2024-03-01'"],
      ['time(3)', "'-01:00:00.5'", "'-01:00:00.4'"],
      ['year', '2024', '2025'],
      ['binary(2)', "x'00ff'", "x'0100'"],
    ])('remembers a %s', async (type, first, second) => {
      await server.query(`CREATE OR REPLACE TABLE last (n int, v ${type}); INSERT INTO last VALUES (1, ${first})`);
      const options = /^(?:bigint|time)/.test(type) ? { column_options: { v: { type: 'string' } } } : {};
      const input = { table: 'last', incremental: true, incremental_columns: ['v'], select: 'n, v', ...options };
      const numbers = async (state: JsonObject): Promise<readonly [unknown[], JsonObject]> => {
        const { values, diff } = await readValues({ ...input, ...state });
        return [values.map(([n]) => n), diff];
      };
      const [rows, state] = await numbers({});
      expect(rows).toEqual([1n]);
      expect(await numbers(state)).toEqual([[], state]);
      await server.query(`INSERT INTO last VALUES (2, ${second})`);
      expect((await numbers(state))[0]).toEqual([2n]);
    });

    it('refuses to remember a null', async () => {
      const input = { query: 'SELECT NULL + 1 AS id', incremental: true, incremental_columns: ['id'] };
      await expect(readValues(input)).rejects.toMatchObject({ code: 'MYSQL_INCREMENTAL_NULL' });
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
    ['a query in several tasks', { query: 'SELECT 1', parallel: 2 }, 'neither with `query`'],
    ['an order in several tasks', { table: 'kinds', order_by: 'b', parallel: 2 }, 'no order together'],
    ['several tasks without a key', { table: 'kinds', parallel: 2 }, 'needs `split_column`'],
    ['a split column of texts', { table: 'keyed', parallel: 2, split_column: 'a' }, 'no column of whole numbers'],
    ['an unknown zone', { query: 'SELECT 1', datetime_timezone: 'Mars/Olympus' }, "no zone 'Mars/Olympus'"],
    [
      'a conversion that is none',
      { query: "SELECT DATE '2024-01-01' AS a", column_options: { a: { type: 'json' } } },
      'MYSQL_CONVERSION',
    ],
    ['a value that does not convert', { query: "SELECT 'x' AS a", column_options: { a: { type: 'long' } } }, "'x'"],
    ['more than 64 bits', { query: 'SELECT 18446744073709551615 AS a' }, "'18446744073709551615'"],
    ['a duration as a time', { query: "SELECT TIME '25:00:00' AS a" }, "'25:00:00'"],
    ['a missing table', { table: 'no_such_table' }, 'MYSQL_TABLE_MISSING'],
    ['a missing column', { table: 'kinds', select: 'nothing' }, 'MYSQL_COLUMN_MISSING'],
    ['faulty SQL', { query: 'SELEKT 1' }, 'MYSQL_STATEMENT'],
    ['two statements', { query: 'SELECT 1; SELECT 2' }, 'MYSQL_STATEMENT'],
    ['a statement without rows', { query: 'DO 1' }, 'MYSQL_NO_COLUMNS'],
    [
      'an error in the middle',
      { query: "SELECT 1 / (3 - seq) + EXTRACTVALUE('<a/>', IF(seq = 3, '//', '/a')) AS q FROM seq_1_to_5" },
      'MYSQL_',
    ],
    [
      'a statement that takes too long',
      { query: 'SET STATEMENT max_statement_time = 0.05 FOR SELECT sleep(60)' },
      'MYSQL_CANCELLED',
    ],
    ['a server that says nothing', { query: 'SELECT sleep(60)', socket_timeout: 1 }, 'MYSQL_SOCKET_TIMEOUT'],
    ['a wrong password', { query: 'SELECT 1', password: 'wrong' }, 'MYSQL_AUTH_FAILED'],
    ['no password', { query: 'SELECT 1', password: '' }, 'MYSQL_AUTH_FAILED'],
    ['a missing database', { query: 'SELECT 1', database: 'nowhere' }, 'MYSQL_DATABASE_MISSING'],
    ['a closed port', { query: 'SELECT 1', port: 1 }, 'MYSQL_CONNECTION_REFUSED'],
    ['an unknown host', { query: 'SELECT 1', host: 'nowhere.invalid' }, 'MYSQL_HOST_UNKNOWN'],
    ['a CA file that is not there', { query: 'SELECT 1', ssl: 'verify', ssl_ca: 'no.pem' }, 'no.pem'],
  ])('tells %s', async (_title, input, expected) => {
    const error: unknown = await readValues({ ...input }).catch((thrown: unknown) => thrown);
    expect(isRopewayError(error) ? `${error.code}: ${error.message}` : error).toContain(expected);
  });

  it('tells that a right is missing', async () => {
    await server.query(
      "CREATE DATABASE other; CREATE TABLE other.secret (a int); CREATE USER guest@'127.0.0.1' IDENTIFIED BY 'guest'; GRANT SELECT ON ropeway.* TO guest@'127.0.0.1'",
    );
    const input = { query: 'SELECT * FROM other.secret', user: 'guest', password: 'guest' };
    await expect(readValues(input)).rejects.toMatchObject({ code: 'MYSQL_PRIVILEGE_MISSING' });
  });

  it('notices that the table was altered between the plan and the rows', async () => {
    await server.query('CREATE OR REPLACE TABLE altered (a int); INSERT INTO altered VALUES (1)');
    const { ['type']: _, ...written } = { ...server.options, table: 'altered' } as Record<string, unknown>;
    const config = mysqlInputConfig.parse(written);
    const { schema, tasks } = await mysqlInput.plan(config, context());
    await server.query('ALTER TABLE altered MODIFY a bigint');
    const [task] = tasks;
    if (task === undefined) throw new Error('there is a task');
    await expect(mysqlInput.read(config, task, schema, context()).next()).rejects.toMatchObject({
      code: 'MYSQL_COLUMNS_CHANGED',
    });
  });

  it('encrypts, and checks the server as far as it is told to', async () => {
    const query = "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'Ssl_version'";
    const ssl_ca = server.authority;
    expect((await readValues({ query, ssl: false })).values).toEqual([['']]);
    const accepted: Options[] = [
      { ssl: true },
      { ssl: 'enable' },
      { ssl: 'verify_ca', ssl_ca },
      { ssl: 'verify', ssl_ca, host: 'localhost' },
    ];
    for (const options of accepted) expect((await readValues({ query, ...options })).values[0]?.[0]).toMatch(/^TLS/);
    const refused: Options[] = [{ ssl: 'verify_ca' }, { ssl: 'verify', host: 'localhost' }, { ssl: 'verify', ssl_ca }];
    for (const options of refused)
      await expect(readValues({ query, ...options })).rejects.toMatchObject({ code: 'MYSQL_TLS' });
  });

  it.skipIf(sshMissing !== '')(`reads through an SSH tunnel${sshMissing}`, async () => {
    await using ssh = await sshServer({ lines: ['PermitOpen any'] });
    const values = { query: 'SELECT seq FROM seq_1_to_3', ssh_tunnel: { ...ssh.options } };
    expect((await readValues(values)).values).toEqual([[1n], [2n], [3n]]);
    const lost = { ...values, ssh_tunnel: { ...ssh.options, user: 'nobody-else' } };
    await expect(readValues(lost)).rejects.toMatchObject({ code: expect.stringMatching(/^SSH_/) as string });
  });

  it('tells that its connection was cut in the middle of the rows', async () => {
    await using proxy = await breakingProxy(server.port, { after: { bytes: 3_000_000, fault: 'cut' } });
    await using place = await workspace();
    const query = "SELECT repeat('x', 1000) FROM seq_1_to_1000000";
    expect(await fail(place, tableToCsv(server, { query, port: proxy.port }))).toContain('MYSQL_CONNECTION_LOST');
    expect(await place.outputs()).toEqual([]);
  });

  it('ends what the server does when the run is stopped', async () => {
    await using place = await workspace();
    const query = 'SELECT count(*) AS stopped FROM seq_1_to_1000000000 WHERE seq % 7 = 8';
    await place.write('config.yml', tableToCsv(server, { query }));
    const active = async (): Promise<number> =>
      (
        await server.query(
          "SELECT 1 FROM information_schema.processlist WHERE info LIKE '%AS stopped%' AND user = 'ropeway'",
        )
      ).length;
    const { promise: done, resolve: end } = Promise.withResolvers<void>();
    const result = await place
      .ropeway(['run', 'config.yml'], {
        started: async (pid) => {
          await Promise.race([until(async () => (await active()) > 0), done]);
          process.kill(pid, 'SIGINT');
        },
      })
      .finally(end);
    expect(result.exitCode, result.stderr).toBe(130);
    // The query would go on for most of a minute.
    await until(async () => (await active()) === 0);
  });

  it('ends a statement that reaches the server after the word to end it', async () => {
    await using gate = await lateProxy(server.port);
    const { ['type']: _, ...written } = { ...server.options, port: gate.port, query: 'SELECT 1' } as Options;
    const config = mysqlInputConfig.parse(written);
    const stop = new AbortController();
    const session = await MySqlSession.open(config, { ...context(), signal: stop.signal });
    gate.hold();
    const answer = session.query('SELECT sleep(30) AS late');
    stop.abort();
    await expect(answer).rejects.toMatchObject({ code: 'MYSQL_STOPPED' });
    await session.close();
    // The server ends the connection at once, instead of sleeping first.
    await gate.release();
  });
});
