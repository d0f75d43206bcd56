/** Loads that die, are stopped, meet each other, or lose their server: a reader sees the old rows or the new ones. */
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BatchBuilder } from '#spi/batch-builder.ts';
import type { TaskContext } from '#spi/context.ts';
import type { Schema } from '#spi/schema.ts';
import { makeFifo } from '#test/kit/fifo.ts';
import { mariadbMissing, mariadbServer } from '#test/kit/mariadb-server.ts';
import type { MariaDbServer } from '#test/kit/mariadb-server.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { csvToTable, fail, succeed, tableToTable } from '#test/kit/postgres-jobs.ts';
import { workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';
import { mysqlOutput } from './output.ts';
import { mysqlOutputConfig } from './output-config.ts';

let server: MariaDbServer;

/** Tables of runs that are still there. */
async function leftovers(): Promise<string[]> {
  const rows = await server.query(
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'ropeway' AND table_name LIKE '%\\_ropeway\\_%'",
  );
  return rows.map(([name]) => String(name));
}

async function countOf(table: string): Promise<number> {
  return Number((await server.query(`SELECT count(*) FROM ${table}`))[0]?.[0]);
}

/** Waits until the server does something for a run. */
async function statement(pattern: string): Promise<number> {
  for (;;) {
    const rows = await server.query(
      `SELECT id FROM information_schema.processlist WHERE info LIKE '${pattern}' AND id <> connection_id()`,
    );
    if (rows.length > 0) return Number(rows[0]?.[0]);
    await wait(10);
  }
}

/** Waits until the first task has its table. */
async function taskTable(): Promise<void> {
  while (!(await leftovers()).some((name) => name.endsWith('_0'))) await wait(10);
}

/** Connections of runs: a process that was killed has left none when the server has noticed. */
async function quiet(): Promise<void> {
  const others = "SELECT 1 FROM information_schema.processlist WHERE user = 'ropeway'";
  while ((await server.query(others)).length > 0) await wait(10);
}

describe.skipIf(mariadbMissing !== '')(`mysqlOutput in trouble${mariadbMissing}`, () => {
  beforeAll(async () => {
    server = await mariadbServer(['--local-infile=1']);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  /** Rows of 1 to 4 while runs are killed: at the load, and at every statement of the commit that matters. */
  async function killed(place: Workspace, pattern: string): Promise<void> {
    const result = await place.ropeway(['run', 'config.yml'], {
      started: async (pid) => {
        await statement(pattern);
        process.kill(pid, 'SIGKILL');
      },
    });
    expect(result.signal ?? result.exitCode).toBe('SIGKILL');
  }

  it.each([
    ['replace', 3000],
    ['truncate_insert', 3000],
    ['merge', 3500],
  ])(
    'dies during %s: a reader sees the old or the new rows; the next run takes the leftovers away',
    async (mode, after) => {
      const table = `dying_${mode}`;
      await server.query(`CREATE TABLE ${table} (id int PRIMARY KEY, name varchar(20));
      INSERT INTO ${table} SELECT -seq, 'old' FROM seq_1_to_500`);
      const rows = Array.from({ length: 3000 }, (_, index) => `${index},new\n`).join('');
      await using place = await workspace({ 'in/a.csv': rows });
      const output = { table, mode, create_table_constraint: 'PRIMARY KEY (id)' };
      await place.write('config.yml', csvToTable(server, output));
      const seen = new Set<string>();
      let isOver = false;
      await using reader = await server.connect();
      const count = async (): Promise<string> => String((await reader.query(`SELECT count(*) FROM ${table}`))[0]?.[0]);
      const reading = (async () => {
        while (!isOver) seen.add(await count());
      })();
      // A transaction that holds the rows keeps the commit at them, or at its exchange of names.
      await using holder = await server.connect();
      await holder.query(`START TRANSACTION; SELECT * FROM ${table} FOR UPDATE`);
      await killed(
        place,
        mode === 'replace' ? 'RENAME%' : mode === 'merge' ? 'INSERT INTO%dying%' : 'DELETE FROM%dying%',
      );
      expect((await leftovers()).length).toBeGreaterThan(0);
      await holder.query('ROLLBACK');
      await quiet();
      const isNew = (await countOf(table)) !== 500;
      const told = await succeed(place, csvToTable(server, output));
      isOver = true;
      await reading;
      seen.add(await count());
      expect([...seen].sort()).toEqual([String(after), '500']);
      expect(isNew || told.includes('a run that had died')).toBe(true);
      expect(await leftovers()).toEqual([]);
    },
  );

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
    expect(await server.query('SELECT id, name FROM shared ORDER BY id')).toEqual([
      ['1', 'x'],
      ['2', 'y'],
      ['3', 'z'],
    ]);
    expect(await leftovers()).toEqual([]);
  });

  it('takes away what a run that died left, though the server noticed its death only meanwhile', async () => {
    await using place = await workspace();
    makeFifo(place.path('in.csv'));
    const config = csvToTable(server, { table: 'late', mode: 'replace' });
    await place.write('config.yml', config.replace('path_prefix: in/', 'path_prefix: in.csv'));
    const run = '0mx3k9zqm06659590';
    await server.query(`CREATE TABLE late_${run}_ropeway_1 (id int)`);
    const dying = await server.connect();
    await dying.query(`SELECT GET_LOCK('ropeway_${run}_0', 0)`);
    const { exitCode, stderr } = await place.ropeway(['run', 'config.yml'], {
      started: async () => {
        await taskTable();
        await dying[Symbol.asyncDispose]();
        await place.write('in.csv', '1,x\n');
      },
    });
    expect(exitCode, stderr).toBe(0);
    expect(await leftovers()).toEqual([]);
  });

  it.each(['insert', 'replace', 'merge', 'truncate_insert', 'merge_direct'])(
    'lets two runs %s into one new table',
    async (mode) => {
      const table = `both_${mode}`;
      const constraint = mode.startsWith('merge') ? { create_table_constraint: 'PRIMARY KEY (id)' } : {};
      const config = csvToTable(server, { table, mode, retry_wait: 10, ...constraint });
      await using one = await workspace({ 'in/a.csv': '1,x\n'.repeat(100) });
      await using two = await workspace({ 'in/a.csv': '1,x\n'.repeat(100) });
      await Promise.all([succeed(one, config), succeed(two, config)]);
      expect(await countOf(table)).toBe(mode === 'insert' ? 200 : mode.startsWith('merge') ? 1 : 100);
      expect(await leftovers()).toEqual([]);
    },
  );

  it('tries again after a deadlock, and gives up after `retry_limit` times', async () => {
    await using place = await workspace({ 'in/a.csv': '1,x\n' });
    await server.query(`CREATE SEQUENCE tries; CREATE FUNCTION busy(times int) RETURNS int
      BEGIN IF nextval(tries) <= times THEN SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'busy'; END IF; RETURN 1; END`);
    const output = { table: 'patient', mode: 'insert', retry_limit: 2, retry_wait: 1, max_retry_wait: 2 };
    const told = await succeed(place, csvToTable(server, { ...output, after_load: 'SELECT busy(2)' }));
    expect(told.match(/trying again/g)).toHaveLength(2);
    expect(await countOf('patient')).toBe(1);
    expect(await fail(place, csvToTable(server, { ...output, after_load: 'SELECT busy(100)' }))).toContain(
      'MYSQL_CONFLICT',
    );
    expect(await countOf('patient')).toBe(1);
    expect(await leftovers()).toEqual([]);
  });

  it('ends at once when it is stopped in the middle of the commit, and leaves nothing', async () => {
    await using place = await workspace({ 'in/a.csv': '1,x\n' });
    await server.query('CREATE TABLE halted (id int, name text)');
    await place.write(
      'config.yml',
      csvToTable(server, { table: 'halted', mode: 'insert', after_load: 'SELECT sleep(100)' }),
    );
    let stoppedAt = 0;
    const { exitCode, stderr } = await place.ropeway(['run', 'config.yml'], {
      started: async (pid) => {
        await statement('SELECT sleep(100)');
        stoppedAt = performance.now();
        process.kill(pid, 'SIGTERM');
      },
    });
    expect(performance.now() - stoppedAt).toBeLessThan(60_000);
    expect(exitCode, stderr).toBe(143);
    expect(stderr).toContain('MYSQL_STOPPED');
    expect(await countOf('halted')).toBe(0);
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
    expect(await server.query('SELECT id, name FROM resumed ORDER BY id')).toEqual([
      ['1', 'x'],
      ['2', 'y'],
    ]);
    expect(await leftovers()).toEqual([]);
  });

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

  it.each(['insert', 'truncate_insert', 'replace', 'merge'])(
    'commits once in mode %s, however often it is asked to, into a new table or one that is there',
    async (mode) => {
      const schema: Schema = { columns: [{ name: 'id', type: 'long' }] };
      const table = `once_${mode}`;
      const written: Record<string, unknown> = { ...server.options, table, mode, create_table_constraint: 'KEY (id)' };
      if (mode === 'merge') written['create_table_constraint'] = 'UNIQUE (id)';
      delete written['type'];
      const config = mysqlOutputConfig.parse(written);
      const ctx = context();
      for (const value of [1n, 2n]) {
        const plan = await mysqlOutput.plan(config, schema, 1, ctx);
        const sink = await mysqlOutput.open(config, plan, schema, ctx);
        const builder = new BatchBuilder(schema);
        builder.setLong(0, value);
        builder.endRow();
        const batch = builder.take();
        if (batch !== undefined) await sink.write(batch);
        const report = await sink.close();
        for (let times = 0; times < 3; times++) await mysqlOutput.commit(config, plan, [report], ctx);
        for (let times = 0; times < 2; times++) await mysqlOutput.cleanup?.(config, plan, [report], ctx);
        // Afterwards nothing says any more that it was committed: a clear error, not the rows once more or none at all.
        await expect(mysqlOutput.commit(config, plan, [report], ctx)).rejects.toThrow('is gone');
        await mysqlOutput.cleanup?.(config, plan, [report], ctx);
      }
      const isAdding = mode === 'insert' || mode === 'merge';
      expect(await server.query(`SELECT id FROM ${table} ORDER BY id`)).toEqual(isAdding ? [['1'], ['2']] : [['2']]);
      expect(await leftovers()).toEqual([]);
    },
  );

  it('loads on after its connection was cut, and every row once', async () => {
    await using place = await workspace();
    makeFifo(place.path('in.csv'));
    const output = { table: 'cut', mode: 'insert', retry_wait: 1, batch_size: 65_536 };
    await place.write('config.yml', csvToTable(server, output).replace('path_prefix: in/', 'path_prefix: in.csv'));
    const { exitCode, stderr } = await place.ropeway(['run', 'config.yml'], {
      started: async () => {
        await taskTable();
        const loading = server.query(
          "SELECT id FROM information_schema.processlist WHERE user = 'ropeway' ORDER BY id DESC LIMIT 1",
        );
        await server.query(`KILL ${(await loading)[0]?.[0]}`);
        await place.write('in.csv', Array.from({ length: 100_000 }, (_, index) => `${index},name\n`).join(''));
      },
    });
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('trying again');
    expect(await server.query('SELECT count(*), count(DISTINCT id) FROM cut')).toEqual([['100000', '100000']]);
    expect(await leftovers()).toEqual([]);
  });

  it('survives a proxy that cuts every other connection in the middle of the rows', async () => {
    let connections = 0;
    const proxy = createServer((client) => {
      const upstream = connect(server.port, '127.0.0.1');
      let left = connections++ % 2 === 1 ? 400_000 : Infinity;
      const close = (): void => void (client.destroy(), upstream.destroy());
      client.on('data', (bytes) => {
        left -= bytes.length;
        if (left < 0) close();
        else upstream.write(bytes);
      });
      upstream.on('data', (bytes) => client.write(bytes));
      for (const side of [client, upstream]) side.on('error', close).on('close', close);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => proxy.once('listening', resolve));
    const { port } = proxy.address() as AddressInfo;
    const rows = Array.from({ length: 60_000 }, (_, index) => `${index},some name\n`).join('');
    await using place = await workspace({ 'in/a.csv': rows });
    const output = { table: 'proxied', mode: 'insert', retry_wait: 1, batch_size: 100_000, port };
    const told = await succeed(place, csvToTable(server, output));
    expect(told).toContain('trying again');
    expect(await server.query('SELECT count(*), count(DISTINCT id) FROM proxied')).toEqual([['60000', '60000']]);
    expect(await leftovers()).toEqual([]);
    proxy.close();
  });

  it('waits for a server that crashes while it loads, and notices what it has lost', async () => {
    await using place = await workspace();
    makeFifo(place.path('in.csv'));
    const output = { table: 'restarted', mode: 'insert', retry_wait: 50, retry_limit: 100, max_retry_wait: 100 };
    await place.write('config.yml', csvToTable(server, output).replace('path_prefix: in/', 'path_prefix: in.csv'));
    const { exitCode, stderr } = await place.ropeway(['run', 'config.yml'], {
      started: async () => {
        await taskTable();
        await server.restart();
        await place.write('in.csv', '1,x\n'.repeat(50_000));
      },
    });
    // The task's table may or may not have been on disk: then it is gone, which is told.
    if (exitCode === 0) expect(await countOf('restarted')).toBe(50_000);
    else expect(stderr).toMatch(/MYSQL_TABLE_MISSING|MYSQL_INTERMEDIATE_GONE/);
    await quiet();
    await using again = await workspace({ 'in/a.csv': '1,x\n' });
    await succeed(again, csvToTable(server, { table: 'restarted', mode: 'replace' }));
    expect(await leftovers()).toEqual([]);
  });

  it('loads from table to table over several connections and threads', async () => {
    await using place = await workspace();
    await server.query("CREATE TABLE many AS SELECT seq AS id, concat('name ', seq) AS name FROM seq_1_to_30000");
    await succeed(place, tableToTable(server, { table: 'many' }, { table: 'many_more', mode: 'replace' }));
    const sums = (table: string): Promise<unknown> =>
      server.query(`SELECT sum(crc32(concat_ws(' ', id, name))) FROM ${table}`);
    expect(await sums('many_more')).toEqual(await sums('many'));
    expect(await countOf('many_more')).toBe(30_000);
    const rows = Array.from({ length: 200_000 }, (_, index) => `${index},name ${index} ${'x'.repeat(30)}\n`).join('');
    await using files = await workspace({ 'in/a.csv': rows, 'in/b.csv': rows });
    const config = csvToTable(server, { table: 'threads', mode: 'replace' });
    expect(await succeed(files, config.replace('exec: {', 'exec: {max_threads: 2, '))).toContain('threads=2');
    expect(await server.query('SELECT count(*), sum(id), count(DISTINCT name) FROM threads')).toEqual([
      ['400000', '39999800000', '200000'],
    ]);
  });
});
