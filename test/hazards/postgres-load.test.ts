/** Loads that meet what production meets: a server that crashes, many runs at once, names that need quoting. */
import { open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BatchBuilder } from '#spi/batch-builder.ts';
import type { TaskContext } from '#spi/context.ts';
import type { Schema } from '#spi/schema.ts';
import { postgresqlOutputConfig } from '#connectors/postgresql/config.ts';
import { postgresqlOutput } from '#connectors/postgresql/output.ts';
import { makeFifo } from '#test/kit/fifo.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { csvToTable, fail, readCsv, succeed, tableToTable, valuesToTable } from '#test/kit/postgres-jobs.ts';
import { postgresMissing, postgresServer } from '#test/kit/postgres-server.ts';
import type { PostgresServer } from '#test/kit/postgres-server.ts';
import { workspace } from '#test/kit/workspace.ts';

let server: PostgresServer;

async function leftovers(): Promise<unknown[]> {
  return server.query("SELECT relname FROM pg_class WHERE relname LIKE '%\\_ropeway\\_%' AND relkind = 'r'");
}

const schema: Schema = { columns: [{ name: 'id', type: 'long' }] };
const RUNS = 50;
const ROWS = 20;

/** A whole run of one task, without the command around it. */
async function load(table: string, run: number): Promise<void> {
  const { type: _, ...own } = server.options;
  const config = postgresqlOutputConfig.parse({ ...own, table, mode: 'insert' });
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
  for (let row = 0; row < ROWS; row++) {
    builder.setLong(0, BigInt(run * ROWS + row));
    builder.endRow();
  }
  const batch = builder.take();
  if (batch !== undefined) await sink.write(batch);
  const report = await sink.close();
  await postgresqlOutput.commit(config, plan, [report], ctx);
  await postgresqlOutput.cleanup?.(config, plan, [report], ctx);
}

describe.skipIf(postgresMissing !== '')(`loads into PostgreSQL${postgresMissing}`, () => {
  beforeAll(async () => {
    server = await postgresServer();
    await server.query('CREATE SCHEMA "else""where"');
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it('come from many runs at once, into a table that none has made before', async () => {
    await Promise.all(Array.from({ length: RUNS }, (_, run) => load('crowded', run)));
    expect(await server.query('SELECT count(*)::int, count(DISTINCT id)::int, max(id)::int FROM crowded')).toEqual([
      [RUNS * ROWS, RUNS * ROWS, RUNS * ROWS - 1],
    ]);
    expect(await leftovers()).toEqual([]);
  });

  it.each(['insert', 'replace', 'merge'])('leave the table as it was when the server crashes (%s)', async (mode) => {
    const table = `crashed_${mode}`;
    await server.query(
      `CREATE TABLE ${table} (id int, name text); INSERT INTO ${table} VALUES (7, 'kept'); CHECKPOINT`,
    );
    await using place = await workspace({ 'in/a.csv': '1,x\n' });
    makeFifo(place.path('in/b.csv'));
    const config = csvToTable(server, { table, mode, merge_keys: ['id'], retry_limit: 3, retry_wait: 50 });
    await place.write('config.yml', config);
    const running = place.ropeway(['run', 'config.yml']);
    // Who reads it has a session for its rows; one that is opened after the crash would do its work.
    const second = await open(place.path('in/b.csv'), 'w');
    while ((await leftovers()).length === 0) await wait(10);
    await server.crash();
    await second.write('2,y\n');
    await second.close();
    const { exitCode, stderr } = await running;
    expect(exitCode, stderr).toBe(1);
    expect(stderr).toMatch(/PG_CONNECTION_LOST|PG_UNAVAILABLE|PG_INTERMEDIATE_GONE/);
    expect(await server.query(`SELECT id, name FROM ${table}`)).toEqual([[7, 'kept']]);
    await using again = await workspace({ 'in/a.csv': '1,x\n' });
    await succeed(again, config);
    expect(await server.query(`SELECT count(*)::int FROM ${table}`)).toEqual([[mode === 'replace' ? 1 : 2]]);
    expect(await leftovers()).toEqual([]);
  });

  it('do not take a table that a crash has emptied for one without rows', async () => {
    await using place = await workspace({ 'in/a.csv': '1,x\n' });
    makeFifo(place.path('in/b.csv'));
    await place.write('config.yml', csvToTable(server, { table: 'emptied', mode: 'insert' }));
    await place.ropeway(['run', '-r', 'state.yml', 'config.yml'], {
      started: async (pid) => {
        while (!(await place.read('state.yml').catch(() => '')).includes('"task":0')) await wait(10);
        process.kill(pid, 'SIGKILL');
      },
    });
    // A table without a log is still there after a crash, but has no rows.
    await server.query('CHECKPOINT');
    await server.crash();
    const { exitCode, stderr } = await place.ropeway(['run', '-r', 'state.yml', 'config.yml'], {
      started: () => void place.write('in/b.csv', '2,y\n'),
    });
    expect(exitCode, stderr).toBe(1);
    expect(stderr).toContain('PG_INTERMEDIATE_GONE');
    expect(await server.query("SELECT to_regclass('emptied')")).toEqual([[null]]);
    // Whoever starts anew gets all rows, and takes away what was left for another try.
    await using again = await workspace({ 'in/a.csv': '1,x\n' });
    await succeed(again, csvToTable(server, { table: 'emptied', mode: 'insert' }));
    expect(await leftovers()).toEqual([]);
  });

  it.each([
    ['quotes, dots and upper case', 'A"b.c;--', 'Say "x"'],
    ['apostrophes and backslashes', "it's\\", "o'clock\\n"],
    ['keywords', 'select', 'order'],
    ['as many bytes of another script as a name may have', 'テ'.repeat(21), '列'.repeat(21)],
  ])('go into tables and columns whose names hold %s', async (_title, table, column) => {
    await using place = await workspace();
    await succeed(
      place,
      valuesToTable(server, { [column]: 'long' }, [[1]], { table, mode: 'merge', merge_keys: [column] }),
    );
    const [from, to] = [
      { table, parallel: 2, split_column: column },
      { table, schema: 'else"where' },
    ];
    await succeed(place, tableToTable(server, from, { ...to, mode: 'replace' }));
    expect(await readCsv(place, server, to)).toMatch(/\n1\n$/);
    expect(await leftovers()).toEqual([]);
  });

  it('say so when the disk is full', async () => {
    await server.query('CREATE TABLE full_disk (id bigint, name text)');
    await server.query(`CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$`);
    await server.query('CREATE TRIGGER t BEFORE INSERT ON full_disk FOR EACH ROW EXECUTE FUNCTION no_room()');
    await using place = await workspace({ 'in/a.csv': '1,x\n' });
    expect(await fail(place, csvToTable(server, { table: 'full_disk', mode: 'insert' }))).toContain('PG_DISK_FULL');
    expect(await leftovers()).toEqual([]);
  });
});
