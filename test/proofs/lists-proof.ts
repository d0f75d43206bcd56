/**
 * How long lists take with a long past: a server of its own on PostgreSQL, filled by statements, asked over HTTP as a
 * client would. What each list answers is checked too, so that a fast empty page proves nothing.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import type { Client } from '#api/client.ts';
import type { RunsQuery } from '#api/endpoints/runs.ts';
import { assert } from '#spi/assert.ts';
import { percentile } from '#test/dispatch/crowd.ts';
import { postgresServer } from '#test/kit/postgres-server.ts';
import { serverProcess } from '#test/kit/server-process.ts';
import { workspace } from '#test/kit/workspace.ts';

export interface ListsPlan {
  readonly runs: number;
  readonly definitions: number;
  /** Requests for each list. */
  readonly rounds: number;
  readonly tell?: (line: string) => void;
}

export interface ListTimes {
  readonly name: string;
  readonly items: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

export interface ListsProof {
  readonly lists: readonly ListTimes[];
  /** Of a server that nobody asks anything, after the lists. */
  readonly idleRssMb: number;
}

/** A token may ask 50 times a second. */
const PACE_MS = 21;
const IDLE_MS = 10_000;

export async function proveLists(plan: ListsPlan): Promise<ListsProof> {
  const { tell = () => {} } = plan;
  await using place = await workspace();
  await using server = await postgresServer();
  await server.query('CREATE DATABASE control');
  const { user, password } = server.options as Record<string, string>;
  const databaseUrl = `postgresql://${user}:${encodeURIComponent(password ?? '')}@127.0.0.1:${server.port}/control`;
  const dataFolder = place.path('data');
  await mkdir(dataFolder);
  await using control = await serverProcess({ dataFolder, databaseUrl });
  const { client } = control;
  const { id: workspaceId } = await client.call('workspace.get');
  await fill(databaseUrl, workspaceId, plan);
  tell(`${plan.runs} runs of ${plan.definitions} transfers are there`);
  await wait(IDLE_MS);
  const idleRssMb = await rssMb(control.pid);
  tell(`the idle server has ${idleRssMb.toFixed(0)} MB`);
  const lists: ListTimes[] = [];
  for (const { name, least, ask } of await asked(client, plan)) {
    const times: number[] = [];
    let items = 0;
    for (let round = 0; round < plan.rounds; round++) {
      const startedAt = performance.now();
      items = (await ask()).items.length;
      times.push(performance.now() - startedAt);
      await wait(PACE_MS);
    }
    assert(items >= least, `the list "${name}" has ${items} items`);
    times.sort((a, b) => a - b);
    const list = { name, items, p50Ms: percentile(times, 0.5), p95Ms: percentile(times, 0.95) };
    lists.push(list);
    tell(`${name}: ${items} items, p50 ${list.p50Ms.toFixed(1)} ms, p95 ${list.p95Ms.toFixed(1)} ms`);
  }
  return { lists, idleRssMb };
}

/** A run each minute up to now, one in a hundred failed; and what is rare. */
async function fill(databaseUrl: string, workspaceId: string, { runs, definitions }: ListsPlan): Promise<void> {
  const admin = new pg.Client(databaseUrl);
  await admin.connect();
  try {
    await admin.query('set statement_timeout = 0');
    const many = [workspaceId, definitions];
    await admin.query(
      `insert into definition (id, workspace_id, kind, name)
       select '01h' || lpad(n::text, 23, '0'), $1, 'transfer', 'transfer number ' || n from generate_series(1, $2::int) n`,
      many,
    );
    await admin.query(
      `insert into revision (definition_id, no, config, author)
       select id, 1, '{}', 'x' from definition where name like 'transfer number %'`,
    );
    await admin.query(
      `insert into connection (id, workspace_id, name, plugin, config, account_key)
       select '01h' || lpad(n::text, 23, '0'), $1, 'connection number ' || n, 'file', '{}', 'x' || n
       from generate_series(1, $2::int) n`,
      many,
    );
    await admin.query(
      `insert into run (id, workspace_id, definition_id, revision, kind, trigger, created_by, state, not_before,
         queue_deadline, rank, scope_key, created_at, queued_at, terminal_at, counters)
       select '01j' || lpad(n::text, 23, '0'), $1, '01h' || lpad((1 + n * 7919::bigint % $2::int)::text, 23, '0'), 1,
         case when n % 5000 = 0 then 'preview' else 'transfer' end,
         case when n % 10 = 0 then 'api' else 'schedule' end, 'x',
         case when n % 100 = 0 then 'FAILED' when n % 100000 = 1 then 'EXPIRED' else 'SUCCEEDED' end,
         now(), now(), 0, 'x', now() - make_interval(mins => $3::int - n), now(), now(),
         '{"records_read": 100000, "records_written": 100000, "bytes_read": 12345678}'
       from generate_series(1, $3::int) n`,
      [...many, runs],
    );
    await admin.query(
      `insert into run_event (run_id, seq, at, actor, transition, to_state)
       select id, 1, created_at, 'x', 'T1', 'QUEUED' from run where created_by = 'x'`,
    );
    await admin.query('vacuum analyze');
  } finally {
    await admin.end();
  }
}

interface AskedList {
  readonly name: string;
  /** Items that it must have. */
  readonly least: number;
  readonly ask: () => Promise<{ readonly items: readonly unknown[] }>;
}

const limit = 200;
const PAGES_DEEP = 20;

async function asked(client: Client, { runs }: ListsPlan): Promise<readonly AskedList[]> {
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_DEEP; page++) {
    const query = { limit, ...(cursor === undefined ? {} : { cursor }) };
    cursor = (await client.call('runs.list', { query })).next;
  }
  const ago = (part: number): string => new Date(Date.now() - part * runs * 60_000).toISOString();
  const transferId = (n: number): string => `01h${String(n).padStart(23, '0')}`;
  const failedId = transferId(101);
  const list = (name: string, least: number, query: Partial<RunsQuery>): AskedList => ({
    name: `runs, ${name}`,
    least,
    ask: () => client.call('runs.list', { query: { limit, ...query } }),
  });
  return [
    list('all', limit, {}),
    list('deep', limit, cursor === undefined ? {} : { cursor }),
    list('succeeded', limit, { state: ['SUCCEEDED'] }),
    list('failed', limit, { state: ['FAILED'] }),
    list('expired (rare)', 1, { state: ['EXPIRED'] }),
    list('canceled (none)', 0, { state: ['CANCELED'] }),
    list('live (none)', 0, { state: ['QUEUED', 'DISPATCHING', 'STARTING', 'RUNNING', 'STOPPING', 'BACKOFF'] }),
    list('three states', limit, { state: ['FAILED', 'EXPIRED', 'SUCCEEDED'] }),
    list('previews', 1, { kind: ['preview'] }),
    list('tests (none)', 0, { kind: ['test'] }),
    list('by the API', limit, { trigger: ['api'] }),
    list('of a transfer', 1, { transferId: transferId(777) }),
    list('failed of a transfer', 1, { transferId: failedId, state: ['FAILED'] }),
    list('text of few', 1, { text: 'number 777' }),
    list('text of many', limit, { text: 'number 1' }),
    list('text of none', 0, { text: 'nothing' }),
    list('text and kind (none)', 0, { text: 'number 77', kind: ['test'] }),
    list('between two instants', limit, { since: ago(0.5), until: ago(0.49) }),
    list('failed between', limit, { since: ago(0.9), until: ago(0.8), state: ['FAILED'] }),
    list('of a group (none)', 0, { groupId: transferId(1) }),
    list('of all filters (none)', 0, { state: ['SUCCEEDED'], kind: ['test'], trigger: ['manual'] }),
    { name: 'transfers', least: limit, ask: () => client.call('transfers.list', { query: { limit } }) },
    {
      name: 'transfers by change',
      least: limit,
      ask: () => client.call('transfers.list', { query: { limit, sort: '-updatedAt' } }),
    },
    { name: 'transfers, text', least: 1, ask: () => client.call('transfers.list', { query: { limit, q: '199' } }) },
    { name: 'connections', least: limit, ask: () => client.call('connections.list', { query: { limit } }) },
    { name: 'connections, text', least: 1, ask: () => client.call('connections.list', { query: { limit, q: '199' } }) },
    { name: 'limits', least: 1, ask: () => client.call('limits.list', { query: {} }) },
    { name: 'tokens', least: 1, ask: () => client.call('tokens.list', { query: {} }) },
    { name: 'groups', least: 0, ask: () => client.call('groups.list', { query: {} }) },
    {
      name: 'history of a run',
      least: 1,
      ask: () => client.call('runs.history', { params: { id: `01j${String(runs).padStart(23, '0')}` } }),
    },
  ];
}

async function rssMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1000;
}
