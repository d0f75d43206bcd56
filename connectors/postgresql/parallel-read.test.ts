/** One table read by several tasks: the rows that one task would have read, whatever others do to the table. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { valueAt } from '#spi/batch.ts';
import type { TaskContext } from '#spi/context.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Report } from '#spi/records.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { readCsv } from '#test/kit/postgres-jobs.ts';
import { postgresMissing, postgresServer } from '#test/kit/postgres-server.ts';
import type { PostgresServer } from '#test/kit/postgres-server.ts';
import { workspace } from '#test/kit/workspace.ts';
import { postgresqlInputConfig } from './config.ts';
import { postgresqlInput } from './input.ts';

let server: PostgresServer;

interface Found {
  /** Texts of the rows, by task. */
  readonly tasks: readonly (readonly string[])[];
  readonly rows: readonly string[];
  readonly diff: JsonObject;
  readonly warnings: readonly string[];
}

interface Meanwhile {
  /** Between the plan and the first task. */
  readonly planned?: () => Promise<unknown>;
  /** As a run that was taken up: the process that planned is another one, and gone. */
  readonly isResumed?: boolean;
}

function context(log: ReturnType<typeof keptLog>): TaskContext {
  return {
    log: log.log,
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

async function read(options: object, { planned, isResumed = false }: Meanwhile = {}): Promise<Found> {
  const { type: _, ...own } = server.options;
  const config = postgresqlInputConfig.parse({ ...own, ...options });
  const log = keptLog();
  const ctx = context(log);
  const { schema, tasks } = await postgresqlInput.plan(config, ctx);
  try {
    await planned?.();
    if (isResumed) await postgresqlInput.release?.(config, tasks, ctx);
    const found: string[][] = [];
    const reports: Report[] = [];
    for (const task of tasks) {
      const { snapshot } = task;
      const other = isResumed && snapshot !== undefined ? { ...task, snapshot: { ...snapshot, pid: 0 } } : task;
      const rows: string[] = [];
      const batches = postgresqlInput.read(config, JSON.parse(JSON.stringify(other)) as typeof task, schema, ctx);
      let step = await batches.next();
      for (; step.done !== true; step = await batches.next()) {
        const { rowCount, vectors } = step.value;
        for (let row = 0; row < rowCount; row++)
          rows.push(vectors.map((vector) => String(valueAt(vector, row))).join());
      }
      reports.push(step.value);
      found.push(rows);
    }
    const diff = (await postgresqlInput.commit?.(config, tasks, reports, ctx)) ?? {};
    const warnings = log.lines.filter((line) => line.startsWith('warn'));
    return { tasks: found, rows: found.flat().sort(), diff, warnings };
  } finally {
    await postgresqlInput.release?.(config, tasks, ctx);
  }
}

async function waiting(): Promise<number> {
  const rows = await server.query("SELECT count(*)::int FROM pg_stat_activity WHERE state = 'idle in transaction'");
  return Number(rows[0]?.[0]);
}

const ROWS = 5000;

describe.skipIf(postgresMissing !== '')(`planSlices()${postgresMissing}`, () => {
  beforeAll(async () => {
    server = await postgresServer();
    await server.query(`
      CREATE TABLE many (id int PRIMARY KEY, name text, at timestamptz, part numeric);
      INSERT INTO many SELECT i, CASE WHEN i % 7 = 0 THEN NULL ELSE md5(i::text) || '''\\' END,
        '2024-01-01'::timestamptz + i * interval '1 minute', CASE WHEN i % 3 = 0 THEN 'NaN' ELSE (i % 5) / 3.0 END
        FROM generate_series(1, ${ROWS}) AS i;
      CREATE VIEW seen AS SELECT id, name FROM many WHERE id > 100;
      CREATE TABLE parted (id int, v text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
      CREATE TABLE parted_a PARTITION OF parted FOR VALUES FROM (0) TO (10);
      CREATE TABLE parted_b PARTITION OF parted FOR VALUES FROM (10) TO (100);
      INSERT INTO parted SELECT i, i FROM generate_series(0, 99) AS i;
      CREATE TABLE hollow (id int);
      CREATE TABLE nulls (id int); INSERT INTO nulls SELECT NULL FROM generate_series(1, 10)`);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it.each<[string, object, number]>([
    ['places on disk', { table: 'many' }, 4],
    ['a primary key', { table: 'many', split_column: 'ID' }, 4],
    ['texts, some null', { table: 'many', split_column: 'name' }, 4],
    ['instants', { table: 'many', split_column: 'at' }, 4],
    ['few numbers, one of them NaN', { table: 'many', split_column: 'part' }, 4],
    ['a column that is not selected', { table: 'many', split_column: 'id', select: 'name', where: 'id % 2 = 0 --' }, 4],
    ['partitions by their key', { table: 'parted' }, 4],
    ['a view', { table: 'seen', split_column: 'id' }, 4],
    ['a table without rows', { table: 'hollow' }, 1],
    ['a table without rows, by a column', { table: 'hollow', split_column: 'id' }, 1],
    ['nothing but nulls', { table: 'nulls', split_column: 'id' }, 1],
  ])('divides by %s', async (_title, options, count) => {
    const whole = await read({ ...options, ...('split_column' in options ? { split_column: undefined } : {}) });
    const { tasks, rows } = await read({ ...options, parallel: 4 });
    expect(rows).toEqual(whole.rows);
    expect(tasks).toHaveLength(count);
    // Evenly: none does half of the work, unless there are few values.
    if (rows.length === ROWS && !('split_column' in options && options.split_column === 'part')) {
      expect(Math.max(...tasks.map((task) => task.length))).toBeLessThan(ROWS * 0.4);
    }
    expect(await waiting()).toBe(0);
  });

  it.each(['places', 'keys'])('sees one snapshot, whatever happens to the table (%s)', async (way) => {
    const table = `moving_${way}`;
    await server.query(`CREATE TABLE ${table} (id int PRIMARY KEY, v int);
      INSERT INTO ${table} SELECT i, 0 FROM generate_series(1, 3000) AS i`);
    const options = { table, parallel: 3, ...(way === 'keys' ? { split_column: 'id' } : {}) };
    const { rows, warnings } = await read(options, {
      planned: () =>
        server.query(`UPDATE ${table} SET v = 1, id = id + 100000 WHERE id % 3 = 0; DELETE FROM ${table} WHERE id % 3 = 1;
          INSERT INTO ${table} SELECT i, 2 FROM generate_series(5001, 9000) AS i`),
    });
    expect(rows).toEqual(Array.from({ length: 3000 }, (_, index) => `${index + 1},0`).sort());
    expect(warnings).toEqual([]);
  });

  it('takes up ranges of keys without their snapshot, and refuses places', async () => {
    const { rows, warnings } = await read({ table: 'many', parallel: 3, split_column: 'id' }, { isResumed: true });
    expect(rows).toHaveLength(ROWS);
    expect(warnings.filter((line) => line.includes('snapshot'))).toHaveLength(3);
    await expect(read({ table: 'many', parallel: 3 }, { isResumed: true })).rejects.toMatchObject({
      code: 'PG_SNAPSHOT_GONE',
    });
  });

  it('remembers the last record of all tasks; what comes later is for the next run', async () => {
    await server.query(`CREATE TABLE growing (id int PRIMARY KEY, at timestamp);
      INSERT INTO growing SELECT i, '2024-01-01'::timestamp + (i / 3) * interval '1 s' FROM generate_series(1, 1000) AS i`);
    const input = {
      table: 'growing',
      parallel: 3,
      split_column: 'id',
      incremental: true,
      incremental_columns: ['at', 'id'],
    };
    const more = "INSERT INTO growing SELECT i, '2025-01-01' FROM generate_series(1001, 1010) AS i";
    const first = await read(input, { planned: () => server.query(more), isResumed: true });
    expect(first.rows).toHaveLength(1000);
    expect(first.diff).toEqual({ last_record: ['2024-01-01T00:05:33.000000', 1000] });
    const second = await read({ ...input, ...first.diff });
    expect(second.rows).toHaveLength(10);
    expect(second.diff).toEqual({ last_record: ['2025-01-01T00:00:00.000000', 1010] });
    const third = await read(
      { ...input, ...second.diff },
      { planned: () => server.query("INSERT INTO growing VALUES (0, '2026-01-01')") },
    );
    expect(third.rows).toEqual([]);
    expect(third.diff).toEqual(second.diff);
    await server.query('UPDATE growing SET at = NULL WHERE id = 5');
    await expect(read(input)).rejects.toMatchObject({ code: 'PG_INCREMENTAL_NULL' });
    expect(await waiting()).toBe(0);
  });

  it.each<[string, object, string]>([
    ['a query', { query: 'SELECT 1' }, '`query` needs a single one'],
    ['an order', { table: 'many', order_by: 'id' }, '`order_by` needs a single one'],
    ['SQL of one session', { table: 'many', before_select: 'SELECT 1' }, '`before_select` needs a single one'],
    ['a split column alone', { table: 'many', split_column: 'id', parallel: 1 }, '`split_column`'],
    ['a split column that is none', { table: 'many', split_column: 'nom' }, "no column 'nom'"],
    ['a view without one', { table: 'seen' }, 'needs `split_column`'],
    ['a sum', { table: 'many', select: 'count(*)' }, 'no aggregates'],
    ['rows that are brought together', { table: 'many', select: 'DISTINCT part' }, 'no DISTINCT'],
    ['numbers of rows', { table: 'parted', select: 'row_number() OVER ()' }, 'no aggregates'],
  ])('refuses %s', async (_title, options, expected) => {
    await expect(read({ parallel: 4, ...options })).rejects.toThrow(expected);
    expect(await waiting()).toBe(0);
  });

  it('gives the command the same rows', async () => {
    await using place = await workspace();
    const sorted = (text: string): string[] => text.trimEnd().split('\n').sort();
    const whole = await readCsv(place, server, { table: 'many' });
    const input = { table: 'many', parallel: 3 };
    await readCsv(place, server, input);
    const parts = await Promise.all((await place.outputs()).map((name) => place.read(`out/${name}`)));
    expect(parts).toHaveLength(3);
    // Each file has a header.
    const lines = parts.flatMap((text, index) => sorted(text).filter((line) => index === 0 || !line.startsWith('id,')));
    expect(lines.sort()).toEqual(sorted(whole));
    expect(await waiting()).toBe(0);
  });
});
