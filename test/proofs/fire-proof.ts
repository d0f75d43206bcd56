/**
 * Transfers under fire: CSV files into PostgreSQL, while the server, runners, engines and PostgreSQL, which is also the
 * database of the control plane, are killed at random. Every outcome must be true: a run that succeeded has its rows in
 * the table, all and once; one that failed has left the table as it was, unless it says that this is not known.
 */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from '#api/client.ts';
import { assert } from '#spi/assert.ts';
import { postgresServer } from '#test/kit/postgres-server.ts';
import type { PostgresServer } from '#test/kit/postgres-server.ts';
import { serverProcess } from '#test/kit/server-process.ts';
import type { ServerProcess } from '#test/kit/server-process.ts';
import { workspace } from '#test/kit/workspace.ts';
import { Random } from '#test/sim/random.ts';

export interface FirePlan {
  readonly transfers: number;
  readonly kills: number;
  /** Of each file. */
  readonly rows: number;
  readonly seed: number;
  readonly tell?: (line: string) => void;
}

export interface FireProof {
  readonly kills: Readonly<Record<Target, number>>;
  readonly succeeded: number;
  readonly failed: number;
  /** Of them those that do not know whether they took effect. */
  readonly unknown: number;
  readonly attempts: number;
}

const targets = ['server', 'runner', 'engine', 'database'] as const;
type Target = (typeof targets)[number];

/** Waits are so many times shorter than in production. */
const DIVISOR = 20;
/** Everything must be over so long after the last kill. */
const END_MS_MAX = 600_000;
const LOOK_MS = 500;
const SEATS = 8;

export async function proveFire(plan: FirePlan): Promise<FireProof> {
  await using place = await workspace();
  await using server = await postgresServer();
  await server.query('ALTER SYSTEM SET synchronous_commit = on');
  await server.query('SELECT pg_reload_conf()');
  await server.query('CREATE DATABASE control');
  const dataFolder = place.path('data');
  await mkdir(dataFolder);
  const { user, password } = server.options as Record<string, string>;
  const login = `${user}:${encodeURIComponent(password ?? '')}`;
  const databaseUrl = `postgresql://${login}@127.0.0.1:${server.port}/control`;
  await using control = await serverProcess({ dataFolder, databaseUrl, divisor: DIVISOR, seats: SEATS });
  const { client } = control;
  const random = new Random(plan.seed);
  await writeFile(place.path('rows.csv'), csvOf(plan.rows));
  const runs = await startRuns(client, server, { plan, file: place.path('rows.csv') });
  const kills = await fire({ plan, random, control, server, dataFolder });
  await control.restart();
  return { kills, ...(await outcomes(client, server, { plan, runs, control })) };
}

function csvOf(rows: number): string {
  return Array.from({ length: rows }, (_, i) => `${i},name ${i}\n`).join('');
}

const tableOf = (index: number): string => `fired_${index}`;

interface Loads {
  readonly plan: FirePlan;
  readonly file: string;
}

async function startRuns(client: Client, server: PostgresServer, { plan, file }: Loads): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let index = 0; index < plan.transfers; index++) {
    const table = tableOf(index);
    // What is there before, so that a load that failed can be told from one that did not begin.
    await server.query(`CREATE TABLE ${table} (id bigint, name text); INSERT INTO ${table} VALUES (-1, 'before')`);
    const { type: _, ...options } = server.options as Record<string, unknown>;
    const config = {
      in: {
        type: 'file',
        path_prefix: file,
        parser: {
          type: 'csv',
          columns: [
            { name: 'id', type: 'long' },
            { name: 'name', type: 'string' },
          ],
        },
      },
      out: { type: 'postgresql', ...options, table, mode: 'replace' },
    };
    const runOptions = { isIdempotent: index % 2 === 0, jobRetriesMax: 10 };
    const transfer = await client.call('transfers.create', { body: { name: table, config, runOptions } });
    const run = await client.call('transfers.run', { params: { id: transfer.id }, body: {} });
    ids.push(run.id);
  }
  return ids;
}

interface Field {
  readonly plan: FirePlan;
  readonly random: Random;
  readonly control: ServerProcess;
  readonly server: PostgresServer;
  readonly dataFolder: string;
}

async function fire({ plan, random, control, server, dataFolder }: Field): Promise<Record<Target, number>> {
  const kills: Record<Target, number> = { server: 0, runner: 0, engine: 0, database: 0 };
  const { tell = () => {} } = plan;
  let sum = 0;
  for (let shots = 0; sum < plan.kills && shots < plan.kills * 10; shots++) {
    await wait(200 + random.below(1500));
    const target = random.weighted({ server: 2, runner: 4, engine: 4, database: 1 });
    let isHit = true;
    if (target === 'server') {
      await control.end('SIGKILL');
      await wait(random.below(1000));
      await control.restart();
    } else if (target === 'database') await server.crash();
    else isHit = await killOne(dataFolder, target, random);
    if (!isHit) continue;
    kills[target] += 1;
    sum += 1;
    tell(`kill ${sum}: ${target}`);
  }
  return kills;
}

/** Kills a runner, or the engine of one, if there is any. */
async function killOne(dataFolder: string, target: 'runner' | 'engine', random: Random): Promise<boolean> {
  const folders = await readdir(join(dataFolder, 'runs')).catch(() => []);
  const name = random.pick(folders.filter((folder) => folder.startsWith('r-')));
  if (name === undefined) return false;
  const text = await readFile(join(dataFolder, 'runs', name, target), 'utf8').catch(() => '');
  const pid = Number(text.trim().split(' ')[0]);
  if (!(pid > 1)) return false;
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

interface Ending {
  readonly plan: FirePlan;
  readonly runs: readonly string[];
  readonly control: ServerProcess;
}

async function outcomes(client: Client, server: PostgresServer, { plan, runs, control }: Ending) {
  const counts = { succeeded: 0, failed: 0, unknown: 0, attempts: 0 };
  const deadline = performance.now() + END_MS_MAX;
  for (const [index, id] of runs.entries()) {
    for (;;) {
      const run = await client.call('runs.get', { params: { id } });
      if (run.endedAt === null) {
        assert(performance.now() < deadline, `run ${id} (${run.state}) ends at ${control.url}`);
        await wait(LOOK_MS);
        continue;
      }
      const [[count, distinct] = []] = await server.query(
        `SELECT count(*)::int, count(DISTINCT id) FILTER (WHERE id >= 0)::int FROM ${tableOf(index)}`,
      );
      const isNew = count === plan.rows && distinct === plan.rows;
      const isOld = count === 1 && distinct === 0;
      assert(isNew || isOld, `table ${index} is whole: ${String(count)} rows, ${String(distinct)} ids`);
      counts.attempts += run.attemptNo;
      if (run.state === 'SUCCEEDED') {
        assert(isNew, `run ${id} succeeded, and its rows are there`);
        counts.succeeded += 1;
      } else {
        assert(run.state === 'FAILED', `run ${id} is ${run.state}`);
        const isUnknown = run.failure?.class === 'UNKNOWN_COMMIT';
        // An attempt of a run that may be repeated may have taken effect before the last one failed.
        assert(isOld || isUnknown || index % 2 === 0, `run ${id} failed (${run.failureCode}), and took effect`);
        counts.failed += 1;
        if (isUnknown) counts.unknown += 1;
      }
      break;
    }
  }
  return counts;
}
