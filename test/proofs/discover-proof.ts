/**
 * Lists more tables than anybody should have: all of them, in their order, page by page, in memory that does not grow
 * with their number; and stops within a second, whenever it is told to.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { catalog } from '#connectors/catalog.ts';
import { listEntries } from '#engine/connections/list-entries.ts';
import { openConnection } from '#engine/connections/open-connection.ts';
import { runContext } from '#engine/run-context.ts';
import { assert } from '#spi/assert.ts';
import type { JsonObject } from '#spi/json.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';
import type { DiscoveredDatabase } from './discovered-databases.ts';
import { randomNumbers } from './random-numbers.ts';

export interface DiscoveryPlan {
  readonly tables: number;
  /** Listings that are stopped in their middle. */
  readonly stops: number;
  /** Decides the moments. */
  readonly seed: number;
  /** Milliseconds from Ctrl-C to the end of the process. */
  readonly stopMsMax: number;
  readonly tell?: (line: string) => void;
}

export interface DiscoveryProof {
  readonly pages: number;
  readonly slowestPageMs: number;
  /** Of the command that lists all tables. */
  readonly elapsedMs: number;
  readonly peakMb: number;
  /** Of the command that lists one. */
  readonly peakMbOfOne: number;
  readonly stops: number;
  readonly slowestStopMs: number;
}

/** What a listing of any length may take more than a listing of one name: pages, and garbage. */
const GROWTH_MB_MAX = 100;
/** Stops that come too late are tried again, so often for each that is wanted. */
const TRIES_PER_STOP = 5;

export async function proveDiscovery(database: DiscoveredDatabase, plan: DiscoveryPlan): Promise<DiscoveryProof> {
  const { tell = () => {} } = plan;
  const names = Array.from({ length: plan.tables }, (_, index) => `t_${String(index).padStart(7, '0')}`);
  await database.makeTables(names);
  const section = { ...database.options } as JsonObject; // plain JSON, as the kit gives it
  await using place = await workspace({ 'config.yml': JSON.stringify({ in: section }) });
  tell('the tables are there');
  const { pages, slowestPageMs } = await listPages(section, database.path, names);
  tell(`${pages} pages, the slowest in ${slowestPageMs} ms`);
  const one = await list(place, database.path, ['--limit', '1']);
  const all = await list(place, database.path, ['--all']);
  tell(`the command took ${all.elapsedMs} ms and ${all.peakMb} MB; ${one.peakMb} MB for one table`);
  assert(sameNames(all.names, names), `the command lists all tables: ${all.names.length} names`);
  assert(all.peakMb - one.peakMb < GROWTH_MB_MAX, `memory is bounded: ${one.peakMb} MB, then ${all.peakMb} MB`);
  return {
    pages,
    slowestPageMs,
    elapsedMs: all.elapsedMs,
    peakMb: all.peakMb,
    peakMbOfOne: one.peakMb,
    ...(await stopAll(place, database.path, plan, all.elapsedMs)),
  };
}

function sameNames(found: readonly string[], names: readonly string[]): boolean {
  return found.length === names.length && found.every((name, index) => name === names[index]);
}

/** The pages as a form would ask for them. */
async function listPages(
  section: JsonObject,
  path: readonly string[],
  names: readonly string[],
): Promise<{ pages: number; slowestPageMs: number }> {
  const { connection } = await openConnection({ in: section }, 'in', catalog);
  assert(connection, 'the config is right');
  const { signal } = new AbortController();
  const context = runContext({ log: keptLog().log, signal, transactionTime: new Date(0) });
  const found: string[] = [];
  let [pages, slowestPageMs, from] = [0, 0, performance.now()];
  for await (const page of listEntries(connection, { path }, { ctx: context })) {
    slowestPageMs = Math.max(slowestPageMs, Math.round(performance.now() - from));
    found.push(...page.map(({ name }) => name));
    pages += 1;
    from = performance.now();
  }
  await context.close();
  assert(sameNames(found, names), `pages hold all tables: ${found.length} names`);
  return { pages, slowestPageMs };
}

interface Listed {
  readonly names: readonly string[];
  readonly elapsedMs: number;
  readonly peakMb: number;
}

async function list(place: Workspace, path: readonly string[], args: readonly string[]): Promise<Listed> {
  const startedAt = performance.now();
  let peakMb = 0;
  const { exitCode, stdout, stderr } = await place.ropeway(['discover', ...args, '--json', 'config.yml', ...path], {
    printed: (_text, pid) => {
      peakMb = peakMbOf(pid) ?? peakMb;
    },
  });
  assert(exitCode === 0, `the command succeeds: ${stderr}`);
  const lines = stdout.split('\n').filter(Boolean);
  const names = lines.map((line) => (JSON.parse(line) as { name: string }).name); // an entry
  return { names, elapsedMs: Math.round(performance.now() - startedAt), peakMb };
}

/** The most memory that the process has had so far; undefined when it is over. */
function peakMbOf(pid: number): number | undefined {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024);
  } catch {
    return undefined;
  }
}

async function stopAll(
  place: Workspace,
  path: readonly string[],
  plan: DiscoveryPlan,
  elapsedMs: number,
): Promise<{ stops: number; slowestStopMs: number }> {
  const random = randomNumbers(plan.seed);
  let [stops, slowestStopMs] = [0, 0];
  for (let tries = 0; stops < plan.stops; tries++) {
    assert(tries < plan.stops * TRIES_PER_STOP, 'most listings are stopped before they end');
    const afterMs = random() * elapsedMs;
    const stopMs = await stopOne(place, path, afterMs);
    if (stopMs === undefined) continue;
    plan.tell?.(`stopped after ${Math.round(afterMs)} ms, which took ${stopMs} ms`);
    assert(stopMs <= plan.stopMsMax, `a listing stops in time: ${stopMs} ms`);
    slowestStopMs = Math.max(slowestStopMs, stopMs);
    stops += 1;
  }
  return { stops, slowestStopMs };
}

/** How long it took to stop; undefined when there was nothing to stop: not yet, or no longer. */
async function stopOne(place: Workspace, path: readonly string[], afterMs: number): Promise<number | undefined> {
  let stoppedAt = 0;
  const { exitCode, signal, stderr } = await place.ropeway(['discover', '--all', 'config.yml', ...path], {
    started: async (pid) => {
      await wait(afterMs);
      stoppedAt = performance.now();
      try {
        process.kill(pid, 'SIGINT');
      } catch {
        // It is over.
      }
    },
  });
  const stopMs = Math.round(performance.now() - stoppedAt);
  if (exitCode === 0 || signal === 'SIGINT') return undefined;
  assert(exitCode === 130, `a listing that is stopped ends with 130, not ${exitCode}: ${stderr}`);
  return stopMs;
}
