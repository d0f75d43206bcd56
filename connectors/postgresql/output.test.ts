/** The output against a real server: every mode, what it refuses, and runs that die or meet each other. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BatchBuilder } from '#spi/batch-builder.ts';
import type { TaskContext } from '#spi/context.ts';
import type { Schema } from '#spi/schema.ts';
import { makeFifo } from '#test/kit/fifo.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import {
  csvToTable,
  fail,
  readCsv,
  succeed,
  tableToCsv,
  tableToTable,
  valuesToTable,
} from '#test/kit/postgres-jobs.ts';
import { postgresMissing, postgresServer } from '#test/kit/postgres-server.ts';
import type { PostgresServer } from '#test/kit/postgres-server.ts';
import { workspace } from '#test/kit/workspace.ts';
import { postgresqlOutputConfig } from './config.ts';
import { postgresqlOutput } from './output.ts';

let server: PostgresServer;

/** Tables of runs that are still there. */
async function leftovers(): Promise<string[]> {
  const rows = await server.query(
    "SELECT relname FROM pg_class WHERE relname LIKE '%\\_ropeway\\_%' AND relkind = 'r'",
  );
  return rows.map(([name]) => String(name));
}

async function rowsOf(table: string): Promise<unknown[][]> {
  return server.query(`SELECT id::int, name FROM ${table} ORDER BY 1, 2`);
}

describe.skipIf(postgresMissing !== '')(`postgresqlOutput${postgresMissing}`, () => {
  beforeAll(async () => {
    server = await postgresServer();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it('creates the table with types for those of the input', async () => {
    await using place = await workspace();
    const columns = { b: 'boolean', l: 'long', d: 'double', s: 'string', j: 'json', t: 'timestamp', n: 'double' };
    const row = [true, 1, 0.1, 'x', { a: [1] }, '2024-01-01 00:00:00.123456', 2.5];
    const output = { table: 'created', mode: 'insert', column_options: { N: { type: 'NUMERIC(5, 2) NOT NULL' } } };
    await succeed(place, valuesToTable(server, columns, [row], output));
    const types = `SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
      WHERE attrelid = 'created'::regclass AND attnum > 0 ORDER BY attnum`;
    expect(Object.fromEntries((await server.query(types)) as [string, string][])).toEqual({
      b: 'boolean',
      l: 'bigint',
      d: 'double precision',
      s: 'text',
      j: 'json',
      t: 'timestamp with time zone',
      n: 'numeric(5,2)',
    });
    expect(await server.query('SELECT created::text FROM created')).toEqual([
      ['(t,1,0.1,x,"{""a"":[1]}","2024-01-01 00:00:00.123456+00",2.50)'],
    ]);
    expect(await leftovers()).toEqual([]);
  });

  it.each([
    [
      'insert',
      [
        [1, 'new'],
        [1, 'old'],
        [2, 'two'],
        [7, 'kept'],
      ],
    ],
    [
      'insert_direct',
      [
        [1, 'new'],
        [1, 'old'],
        [2, 'two'],
        [7, 'kept'],
      ],
    ],
    [
      'truncate_insert',
      [
        [1, 'new'],
        [2, 'two'],
      ],
    ],
    [
      'replace',
      [
        [1, 'new'],
        [2, 'two'],
      ],
    ],
    [
      'merge',
      [
        [1, 'new'],
        [2, 'two'],
        [7, 'kept'],
      ],
    ],
    [
      'merge_direct',
      [
        [1, 'new'],
        [2, 'two'],
        [7, 'kept'],
      ],
    ],
  ])('%s loads what two tasks bring', async (mode, expected) => {
    await using place = await workspace({ 'in/a.csv': '1,new\n', 'in/b.csv': '2,two\n' });
    const table = `mode_${mode}`;
    await server.query(
      `CREATE TABLE ${table} (id int, name text); INSERT INTO ${table} VALUES (1, 'old'), (7, 'kept')`,
    );
    const output = { table, mode, merge_keys: ['ID'], after_load: `COMMENT ON TABLE ${table} IS 'loaded'` };
    await succeed(place, csvToTable(server, output));
    expect(await rowsOf(table)).toEqual(expected);
    expect(await server.query(`SELECT obj_description('${table}'::regclass)`)).toEqual([['loaded']]);
    expect(await leftovers()).toEqual([]);
  });

  it.each(['insert', 'insert_direct', 'truncate_insert', 'replace', 'merge', 'merge_direct'])(
    '%s makes the table when there is none, with its constraint, also without rows',
    async (mode) => {
      await using place = await workspace({ 'in/a.csv': '' });
      const table = `Missing "${mode}`;
      const constraint = `CONSTRAINT pk_${mode} PRIMARY KEY (id)`;
      const output = { table, mode, merge_keys: ['id'], create_table_constraint: constraint };
      const name = `"${table.replace('"', '""')}"`;
      await succeed(place, csvToTable(server, output));
      expect(await rowsOf(name)).toEqual([]);
      await place.write('in/a.csv', '1,x\n');
      await succeed(place, csvToTable(server, output));
      expect(await rowsOf(name)).toEqual([[1, 'x']]);
      expect(await server.query(`SELECT conname FROM pg_constraint WHERE conname = 'pk_${mode}'`)).toHaveLength(1);
      expect(await leftovers()).toEqual([]);
    },
  );

  it('takes texts through unchanged: CSV to the table to CSV', async () => {
    const text = '1,"tab\there, back\\slash, new\nline, \\N, quote "" and é😀"\n2,""\n3,\n4,\\.\n';
    await using place = await workspace({ 'in/a.csv': `id,name\n${text}` });
    const job = csvToTable(server, { table: 'texts', mode: 'replace' }).replace(
      'type: csv,',
      'type: csv, skip_header_lines: 1, escape: null,',
    );
    await succeed(place, job);
    expect(await readCsv(place, server, { table: 'texts', order_by: 'id' })).toBe(`id,name\n${text}`);
  });

  it('runs SQL before and after the load in its transaction', async () => {
    await using place = await workspace({ 'in/a.csv': '1,x\n' });
    await server.query(`CREATE TABLE hooked (id int PRIMARY KEY, name text); INSERT INTO hooked VALUES (1, 'old')`);
    const output = { table: 'hooked', mode: 'insert', before_load: 'DELETE FROM hooked WHERE id = 1' };
    await succeed(place, csvToTable(server, { ...output, after_load: "UPDATE hooked SET name = name || '!'" }));
    expect(await rowsOf('hooked')).toEqual([[1, 'x!']]);
    expect(await fail(place, csvToTable(server, { ...output, after_load: 'SELECT 1 / 0' }))).toContain(
      'division by zero',
    );
    expect(await rowsOf('hooked')).toEqual([[1, 'x!']]);
    expect(await fail(place, csvToTable(server, { ...output, mode: 'replace' }))).toContain('`before_load`');
  });

  it('merges by the primary key or by a rule; of rows with the same key the last one counts', async () => {
    await using place = await workspace({ 'in/a.csv': '1,a\n1,b\n2,c\n', 'in/b.csv': '2,d\n3,e\n' });
    await server.query(`CREATE TABLE merged (id int PRIMARY KEY, name text, n int DEFAULT 1);
      INSERT INTO merged VALUES (1, 'old'), (4, 'kept')`);
    await succeed(place, csvToTable(server, { table: 'merged', mode: 'merge' }));
    expect(await rowsOf('merged')).toEqual([
      [1, 'b'],
      [2, 'd'],
      [3, 'e'],
      [4, 'kept'],
    ]);
    const rule = ['name = merged.name || S.name', 'n = merged.n + 1'];
    await succeed(place, csvToTable(server, { table: 'merged', mode: 'merge', merge_rule: rule }));
    expect(await rowsOf('merged')).toEqual([
      [1, 'bb'],
      [2, 'dd'],
      [3, 'ee'],
      [4, 'kept'],
    ]);
  });

  it('sets roles, isolation and the schema of intermediate tables', async () => {
    await using place = await workspace({ 'in/a.csv': '1,x\n' });
    await server.query(
      `CREATE SCHEMA work; CREATE SCHEMA own; CREATE ROLE loader; GRANT ALL ON SCHEMA work, own TO loader`,
    );
    const output = { schema: 'own', table: 'roles', mode: 'insert', temp_schema: 'work', role_name: 'loader' };
    const told = await succeed(place, csvToTable(server, { ...output, transaction_isolation: 'serializable' }));
    expect(told).not.toContain('warn');
    expect(await server.query("SELECT tableowner FROM pg_tables WHERE schemaname = 'own'")).toEqual([['loader']]);
    expect(await leftovers()).toEqual([]);
  });

  it.each<[string, string, Readonly<Record<string, string>>, readonly unknown[], string]>([
    ['a number as a boolean', 'boolean', { v: 'long' }, [2], 'true'],
    ['a boolean as a number', 'int', { v: 'boolean' }, [true], '1'],
    ['a double, rounded', 'int', { v: 'double' }, [-2.5], '-3'],
    ['a double as a decimal', 'numeric', { v: 'double' }, [1.25], '1.25'],
    ['a text as a date', 'date', { v: 'string' }, ['2024-02-29'], '2024-02-29'],
    ['an instant as a date', 'date', { v: 'timestamp' }, ['2024-07-01 23:00:00.0'], '2024-07-02'],
    ['an instant as a time', 'time', { v: 'timestamp' }, ['2024-07-01 23:00:00.5'], '08:00:00.5'],
    ['an instant without a zone', 'timestamp', { v: 'timestamp' }, ['2024-07-01 23:00:00.0'], '2024-07-02 08:00:00'],
    ['an instant', 'timestamptz', { v: 'timestamp' }, ['1969-12-31 23:59:59.999999'], '1969-12-31 23:59:59.999999+00'],
    ['an instant as a text', 'text', { v: 'timestamp' }, ['2024-07-01 23:00:00.0'], '2024-07-02 08:00:00.000000'],
    ['json as jsonb', 'jsonb', { v: 'json' }, [{ a: 'x\ty\\' }], '{"a": "x\\ty\\\\"}'],
    ['a text as an array', 'int[]', { v: 'string' }, ['{1,2}'], '{1,2}'],
  ])('writes %s', async (_title, type, columns, row, expected) => {
    await using place = await workspace();
    await server.query(`SET timezone = 'UTC'; DROP TABLE IF EXISTS converted; CREATE TABLE converted (v ${type})`);
    const output = { table: 'converted', mode: 'insert', default_timezone: 'Asia/Tokyo' };
    await succeed(place, valuesToTable(server, columns, [row], output));
    expect(await server.query('SELECT v::text FROM converted')).toEqual([[expected]]);
  });

  describe('refuses', () => {
    const table = { table: 'strict', mode: 'insert' };
    beforeAll(async () => {
      await server.query(`CREATE TABLE strict (id int2 CHECK (id > 0), name varchar(3) NOT NULL);
        CREATE TABLE "Case" (id int, "NAME" text, "Name" text)`);
    });

    it.each<[string, Readonly<Record<string, string>>, readonly unknown[][], object, readonly string[]]>([
      [
        'a number out of range',
        { id: 'long', name: 'string' },
        [
          [1, 'a'],
          [70_000, 'b'],
        ],
        table,
        ['PG_VALUE_REFUSED', '70000', 'id', 'record 2'],
      ],
      [
        'a text that is no number',
        { id: 'string', name: 'string' },
        [['x1', 'a']],
        table,
        ['PG_VALUE_REFUSED', 'x1', 'id'],
      ],
      [
        'a text that is too long',
        { id: 'long', name: 'string' },
        [[1, 'abcd']],
        table,
        ['PG_VALUE_REFUSED', 'abcd', 'name'],
      ],
      [
        'a number that is none',
        { id: 'double', name: 'string' },
        [[1e30, 'a']],
        table,
        ['PG_NOT_A_NUMBER', '1.0E30', 'id'],
      ],
      [
        'NUL in a text',
        { id: 'long', name: 'string' },
        [
          [1, 'a'],
          [2, '\0'],
        ],
        table,
        ['PG_NUL_IN_TEXT', 'name', 'record 2'],
      ],
      ['a lone surrogate', { id: 'long', name: 'string' }, [[1, '\ud800']], table, ['PG_VALUE_REFUSED', 'UTF8']],
      [
        'NULL where it must not be',
        { id: 'long', name: 'string' },
        [[1, null]],
        table,
        ['PG_CONSTRAINT', 'name', 'strict'],
      ],
      ['a broken check', { id: 'long', name: 'string' }, [[0, 'a']], table, ['PG_CONSTRAINT', 'strict']],
      ['columns without a counterpart', { id: 'long', nom: 'string' }, [], table, ['PG_UNMATCHED_COLUMNS', 'nom']],
      ['two counterparts', { name: 'string' }, [], { ...table, table: 'Case' }, ['PG_AMBIGUOUS', 'NAME, Name']],
      ['a conversion that is none', { id: 'timestamp', name: 'string' }, [], table, ['PG_CONVERSION', 'smallint']],
      ['a merge without keys', { id: 'long' }, [], { ...table, mode: 'merge' }, ['PG_MERGE_KEYS', '`merge_keys`']],
      [
        'unknown merge keys',
        { id: 'long' },
        [],
        { ...table, mode: 'merge', merge_keys: ['x'] },
        ['PG_MERGE_KEYS', "'x'"],
      ],
      [
        'null as a merge key',
        { id: 'long', name: 'string' },
        [[null, 'a']],
        { ...table, mode: 'merge', merge_keys: ['id'] },
        ['PG_MERGE_KEY_NULL', '1'],
      ],
      [
        'a faulty type',
        { id: 'long' },
        [],
        { table: 'new', mode: 'insert', column_options: { id: { type: 'nonsense' } } },
        ['nonsense'],
      ],
      [
        'a missing schema',
        { id: 'long' },
        [],
        { schema: 'nowhere', table: 'new', mode: 'insert' },
        ['PG_SCHEMA_MISSING', 'nowhere'],
      ],
      ['a closed port', { id: 'long' }, [], { ...table, port: 1 }, ['PG_CONNECTION_REFUSED']],
    ])('%s', async (_title, columns, rows, output, expected) => {
      await using place = await workspace();
      const told = await fail(place, valuesToTable(server, columns, rows, { ...output }));
      for (const part of expected) expect(told).toContain(part);
      expect(await server.query('SELECT * FROM strict')).toEqual([]);
      expect(await leftovers()).toEqual([]);
    });

    it('a value in the middle of many rows', async () => {
      const rows = Array.from({ length: 60_000 }, (_, index) => `${index === 30_000 ? 40_000 : 1},${'x'.repeat(3)}\n`);
      await using place = await workspace({ 'in/a.csv': rows.join('') });
      const told = await fail(place, csvToTable(server, table));
      for (const part of ['PG_VALUE_REFUSED', '40000', "'id'", 'record 30001']) expect(told).toContain(part);
      expect(await leftovers()).toEqual([]);
    });

    it('unmatched columns only as long as it is not told to ignore them', async () => {
      await using place = await workspace();
      const output = { ...table, ignore_unmatched_columns: true, mode: 'insert_direct' };
      await succeed(place, valuesToTable(server, { x: 'long', NAME: 'string' }, [[1, 'abc']], output));
      expect(await server.query('DELETE FROM strict RETURNING *')).toEqual([[null, 'abc']]);
    });

    it('to drop a table that a view depends on', async () => {
      await using place = await workspace({ 'in/a.csv': '1,x\n' });
      await server.query('CREATE TABLE seen (id int, name text); CREATE VIEW viewer AS SELECT * FROM seen');
      const told = await fail(place, csvToTable(server, { table: 'seen', mode: 'replace' }));
      expect(told).toContain('PG_DEPENDENTS');
      expect(told).toContain('viewer');
      expect(await leftovers()).toEqual([]);
    });

    it('a table without the right to insert, before a row is read', async () => {
      await using place = await workspace({ 'in/a.csv': '1,x\n' });
      await server.query(`CREATE TABLE guarded (id int, name text); GRANT CREATE ON SCHEMA public TO PUBLIC;
        GRANT SELECT ON guarded TO PUBLIC; CREATE ROLE writer LOGIN PASSWORD 'writer'`);
      const output = { table: 'guarded', mode: 'insert', user: 'writer', password: 'writer' };
      expect(await fail(place, csvToTable(server, output))).toContain('PG_PRIVILEGE_MISSING');
    });
  });

  describe('a server that goes away', () => {
    const kill =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND application_name = ";

    it('while rows are written', async () => {
      await using place = await workspace();
      makeFifo(place.path('in.csv'));
      const config = csvToTable(server, { table: 'cut', mode: 'insert', application_name: 'cut writer' });
      await place.write('config.yml', config.replace('path_prefix: in/', 'path_prefix: in.csv'));
      const { exitCode, stderr } = await place.ropeway(['run', 'config.yml'], {
        started: async () => {
          while ((await server.query(`${kill}'cut writer'`)).length === 0) await wait(10);
          // The run may end before it has read everything.
          await place.write('in.csv', '1,x\n'.repeat(100_000)).catch(() => {});
        },
      });
      expect(exitCode, stderr).toBe(1);
      expect(stderr).toMatch(/PG_UNAVAILABLE|PG_CONNECTION_LOST/);
      expect(await leftovers()).toEqual([]);
    });

    it('while rows are read', async () => {
      await using place = await workspace();
      const query = "SELECT repeat('x', 1000) FROM generate_series(1, 100000000)";
      await place.write('config.yml', tableToCsv(server, { query, application_name: 'cut reader' }));
      const { exitCode, stderr } = await place.ropeway(['run', 'config.yml'], {
        started: async () => {
          while ((await server.query(`${kill}'cut reader'`)).length === 0) await wait(10);
        },
      });
      expect(exitCode, stderr).toBe(1);
      expect(stderr).toMatch(/PG_UNAVAILABLE|PG_CONNECTION_LOST/);
      expect(await place.outputs()).toEqual([]);
    });
  });

  it('loads large files in several threads', async () => {
    const rows = Array.from({ length: 400_000 }, (_, index) => `${index},name ${index}\n`).join('');
    await using place = await workspace({ 'in/a.csv': rows, 'in/b.csv': rows });
    const config = csvToTable(server, { table: 'threads', mode: 'replace' });
    expect(await succeed(place, config.replace('exec: {', 'exec: {max_threads: 2, '))).toContain('threads=2');
    expect(await server.query('SELECT count(*)::int, sum(id)::text, count(DISTINCT name)::int FROM threads')).toEqual([
      [800_000, '159999600000', 400_000],
    ]);
  });

  describe('a run that dies', () => {
    it('during replace: a reader sees the old or the new table; the next run takes the leftovers away', async () => {
      await using place = await workspace({ 'in/a.csv': '1,x\n'.repeat(2000) });
      await server.query(
        'CREATE TABLE swapped AS SELECT i AS id, NULL::text AS name FROM generate_series(1, 500) AS i',
      );
      makeFifo(place.path('in/b.csv'));
      await place.write('config.yml', csvToTable(server, { table: 'swapped', mode: 'replace' }));
      const seen = new Set<unknown>();
      let isOver = false;
      const reader = async (): Promise<void> => {
        while (!isOver) seen.add((await server.query('SELECT count(*)::int FROM swapped'))[0]?.[0]);
      };
      const reading = reader();
      const killed = await place.ropeway(['run', 'config.yml'], {
        started: async (pid) => {
          // The first task is done, the second one waits for its file.
          while ((await leftovers()).length === 0) await wait(10);
          process.kill(pid, 'SIGKILL');
        },
      });
      expect(killed.signal ?? killed.exitCode).toBe('SIGKILL');
      expect(await leftovers()).toHaveLength(1);
      await place.write('in2/a.csv', '2,y\n'.repeat(3000));
      const told = await succeed(
        place,
        csvToTable(server, { table: 'swapped', mode: 'replace' }).replace('in/', 'in2/'),
      );
      isOver = true;
      await reading;
      expect(told).toContain('a run that had died');
      seen.add((await server.query('SELECT count(*)::int FROM swapped'))[0]?.[0]);
      expect([...seen].sort((a, b) => Number(a) - Number(b))).toEqual([500, 3000]);
      expect(await leftovers()).toEqual([]);
    });

    it('leaves a living run its tables', async () => {
      await using place = await workspace({ 'in/a.csv': '1,x\n' });
      makeFifo(place.path('in/b.csv'));
      const config = csvToTable(server, { table: 'shared', mode: 'insert' });
      await place.write('config.yml', config);
      const first = place.ropeway(['run', 'config.yml']);
      while ((await leftovers()).length === 0) await wait(10);
      await using other = await workspace({ 'in/a.csv': '2,y\n' });
      await succeed(other, config);
      await place.write('in/b.csv', '3,z\n');
      const { exitCode, stderr } = await first;
      expect(exitCode, stderr).toBe(0);
      expect(await rowsOf('shared')).toEqual([
        [1, 'x'],
        [2, 'y'],
        [3, 'z'],
      ]);
      expect(await leftovers()).toEqual([]);
    });
  });

  it.each(['insert', 'replace', 'merge', 'truncate_insert'])('lets two runs %s into one new table', async (mode) => {
    const table = `both_${mode}`;
    const config = csvToTable(server, { table, mode, merge_keys: ['id'] });
    await using one = await workspace({ 'in/a.csv': '1,x\n'.repeat(100) });
    await using two = await workspace({ 'in/a.csv': '1,x\n'.repeat(100) });
    await Promise.all([succeed(one, config), succeed(two, config)]);
    const expected = { insert: 200, replace: 100, merge: 1, truncate_insert: 100 }[mode];
    expect(await server.query(`SELECT count(*)::int FROM ${table}`)).toEqual([[expected]]);
    expect(await leftovers()).toEqual([]);
  });

  it('commits again after a conflict, and gives up after `retry_limit` times', async () => {
    await using place = await workspace({ 'in/a.csv': '1,x\n' });
    await server.query(`CREATE SEQUENCE tries; CREATE FUNCTION busy(times int) RETURNS void LANGUAGE plpgsql AS $$
      BEGIN IF nextval('tries') <= times THEN RAISE EXCEPTION 'busy' USING ERRCODE = '40001'; END IF; END $$`);
    const output = { table: 'patient', mode: 'insert', retry_limit: 2, retry_wait: 1, max_retry_wait: 2 };
    const told = await succeed(place, csvToTable(server, { ...output, after_load: 'SELECT busy(2)' }));
    expect(told.match(/trying again/g)).toHaveLength(2);
    expect(await rowsOf('patient')).toEqual([[1, 'x']]);
    expect(await fail(place, csvToTable(server, { ...output, after_load: 'SELECT busy(100)' }))).toContain(
      'PG_CONFLICT',
    );
    expect(await rowsOf('patient')).toEqual([[1, 'x']]);
    expect(await leftovers()).toEqual([]);
  });

  it('ends at once when it is stopped in the middle of the commit, and leaves nothing', async () => {
    await using place = await workspace({ 'in/a.csv': '1,x\n' });
    const config = csvToTable(server, { table: 'halted', mode: 'insert', after_load: 'SELECT pg_sleep(100)' });
    await place.write('config.yml', config);
    const { exitCode, stderr } = await place.ropeway(['run', 'config.yml'], {
      started: async (pid) => {
        const sleeping = "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(100)'";
        while ((await server.query(sleeping)).length === 0) await wait(10);
        process.kill(pid, 'SIGTERM');
      },
    });
    expect(exitCode, stderr).toBe(143);
    expect(stderr).toContain('PG_STOPPED');
    expect(await server.query("SELECT to_regclass('halted')")).toEqual([[null]]);
    expect(await leftovers()).toEqual([]);
  });

  it('takes a failed run up where it stopped', async () => {
    await using place = await workspace({ 'in/a.csv': '1,x\n' });
    makeFifo(place.path('in/b.csv'));
    await place.write('config.yml', csvToTable(server, { table: 'resumed', mode: 'insert' }));
    await place.ropeway(['run', '-r', 'state.yml', 'config.yml'], {
      started: async (pid) => {
        while (!(await place.read('state.yml').catch(() => '')).includes('"task":0')) await wait(10);
        process.kill(pid, 'SIGKILL');
      },
    });
    await place.ropeway(['run', '-r', 'state.yml', 'config.yml'], {
      started: () => void place.write('in/b.csv', '2,y\n'),
    });
    expect(await rowsOf('resumed')).toEqual([
      [1, 'x'],
      [2, 'y'],
    ]);
    expect(await leftovers()).toEqual([]);
  });

  /** Commits one row in the table `once_MODE` several times, and cleans up; what commits after that is the caller's. */
  async function commitOften(mode: string, more: object): Promise<() => Promise<unknown>> {
    const schema: Schema = { columns: [{ name: 'id', type: 'long' }] };
    const { ['type']: _, ...written } = server.options;
    const own = { table: `once_${mode}`, mode, merge_keys: ['id'], ...more };
    const config = postgresqlOutputConfig.parse({ ...written, ...own });
    const ctx: TaskContext = {
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
    const plan = await postgresqlOutput.plan(config, schema, 1, ctx);
    const sink = await postgresqlOutput.open(config, plan, schema, ctx);
    const builder = new BatchBuilder(schema);
    builder.setLong(0, 1n);
    builder.endRow();
    const batch = builder.take();
    if (batch !== undefined) await sink.write(batch);
    const report = await sink.close();
    for (let times = 0; times < 3; times++) await postgresqlOutput.commit(config, plan, [report], ctx);
    for (let times = 0; times < 2; times++) await postgresqlOutput.cleanup?.(config, plan, [report], ctx);
    return () => postgresqlOutput.commit(config, plan, [report], ctx);
  }

  it.each(['insert', 'truncate_insert', 'replace', 'merge'])(
    'commits once in mode %s, however often it is asked to',
    async (mode) => {
      const again = await commitOften(mode, {});
      expect(await server.query(`SELECT id::int FROM once_${mode}`)).toEqual([[1]]);
      expect(await leftovers()).toEqual([]);
      // Afterwards nothing says any more that it was committed: a clear error, not the rows once more or none at all.
      await expect(again()).rejects.toThrow('is gone');
    },
  );

  it.each(['insert', 'insert_direct', 'merge', 'merge_direct'])(
    'runs `after_load` once in mode %s, however often it is committed',
    async (mode) => {
      await server.query(`CREATE TABLE loads_${mode} (n int)`);
      await commitOften(mode, { after_load: `INSERT INTO loads_${mode} VALUES (1)`, table: `loaded_${mode}` });
      expect(await server.query(`SELECT n FROM loads_${mode}`)).toEqual([[1]]);
      expect(await leftovers()).toEqual([]);
    },
  );

  it('runs `after_load` in a direct mode without the right to make tables', async () => {
    await server.query(`CREATE SCHEMA tight; CREATE TABLE tight.t (id bigint); CREATE TABLE tight.loads (n int);
      CREATE ROLE tight LOGIN PASSWORD 't'; GRANT USAGE ON SCHEMA tight TO tight;
      GRANT SELECT, INSERT ON tight.t, tight.loads TO tight`);
    const own = {
      user: 'tight',
      password: 't',
      schema: 'tight',
      table: 't',
      after_load: 'INSERT INTO loads VALUES (1)',
    };
    await using place = await workspace();
    const told = await succeed(place, valuesToTable(server, { id: 'long' }, [[1]], { mode: 'insert_direct', ...own }));
    expect(told).toContain('may run again');
    expect(await server.query('SELECT n FROM tight.loads')).toEqual([[1]]);
  });

  it('loads from table to table over several connections', async () => {
    await using place = await workspace();
    await server.query("CREATE TABLE many AS SELECT i AS id, 'name ' || i AS name FROM generate_series(1, 30000) AS i");
    await succeed(place, tableToTable(server, { table: 'many' }, { table: 'many_more', mode: 'replace' }));
    const difference = 'SELECT id, name FROM many EXCEPT SELECT id, name FROM many_more';
    expect(await server.query(difference)).toEqual([]);
    expect(await server.query('SELECT count(*)::int FROM many_more')).toEqual([[30_000]]);
  });
});
