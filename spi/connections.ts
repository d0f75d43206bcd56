/**
 * What a system can be asked before a job relies on it: does it answer (`test`), and what is there to choose
 * (`browse`). A connection is a plugin of its own, named as the input and output of its system; its config is the
 * part of their options that says where the system is and who we are.
 */
import type { Context } from './context.ts';
import { isRopewayError } from './errors.ts';
import type { RopewayError } from './errors.ts';
import type { Json } from './json.ts';

export type CheckName = 'resolve' | 'connect' | 'tls' | 'log_in' | 'list' | 'read' | 'write';

/** In the order in which they are tried. Not every system has all of them. */
export const checkNames: readonly CheckName[] = ['resolve', 'connect', 'tls', 'log_in', 'list', 'read', 'write'];

export interface Check {
  readonly name: CheckName;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** One sentence: what was found, what failed, or why it was not tried. */
  readonly detail: string;
  readonly elapsedMs: number;
  /** Of a check that failed. */
  readonly reason?: RopewayError;
}

export type EntryKind = 'database' | 'schema' | 'table' | 'view' | 'column' | 'bucket' | 'folder' | 'file';

export interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
  /** It can be browsed in turn, by its name at the end of the path. */
  readonly isContainer: boolean;
  /** More to show, as the system tells it: types, sizes, times. */
  readonly details?: Readonly<Record<string, Json>>;
}

export interface BrowseRequest {
  /** Names of containers from the top; `[]` is the top itself. */
  readonly path: readonly string[];
  /** The `next` of the page before. */
  readonly after?: string;
  /** Entries of a page at most. */
  readonly limit: number;
  /** Only entries whose names begin with this. */
  readonly prefix?: string;
}

/** Sorted by name, in the order of the system. */
export interface EntryPage {
  readonly entries: readonly Entry[];
  /** Says where the next page begins; absent at the end. */
  readonly next?: string;
}

/** What a connection is wanted for: the input or the output of a job. */
export type ConnectionUse = 'in' | 'out';

export interface Connection<C> {
  /**
   * Each check as soon as it is known. After a failure the others come as skipped. Never throws for what it finds.
   * Nothing is written to what is only read (`in`); without a `use` everything is tried.
   */
  test(config: C, ctx: Context, use?: ConnectionUse): AsyncIterable<Check>;
  /** One page. Throws an error of the connector when the system refuses. */
  browse(config: C, request: BrowseRequest, ctx: Context): Promise<EntryPage>;
}

/** Why a step was not tried: a right that only some jobs need, for example. */
export interface Untried {
  readonly because: string;
}

export interface CheckStep {
  readonly name: CheckName;
  /** Tries it and says in a sentence what was found; `undefined` when there is nothing to try. Throws what failed. */
  readonly run: () => Promise<string | Untried | undefined>;
}

/** Runs steps one after the other as checks, up to the first failure. Errors that are not ours are thrown on. */
export async function* checksOf(steps: readonly CheckStep[]): AsyncGenerator<Check> {
  let failed: CheckName | undefined;
  for (const { name, run } of steps) {
    if (failed !== undefined) {
      yield { name, outcome: 'skipped', detail: `Not tried, because ${failed} failed.`, elapsedMs: 0 };
      continue;
    }
    const startedAt = performance.now();
    const check = await outcomeOf(run);
    if (check.outcome === 'failed') failed = name;
    yield { name, ...check, elapsedMs: Math.round(performance.now() - startedAt) };
  }
}

async function outcomeOf(run: CheckStep['run']): Promise<Pick<Check, 'outcome' | 'detail' | 'reason'>> {
  try {
    const detail = await run();
    if (detail === undefined) return { outcome: 'skipped', detail: 'Not needed here.' };
    if (typeof detail !== 'string') return { outcome: 'skipped', detail: detail.because };
    return { outcome: 'passed', detail };
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    return { outcome: 'failed', detail: error.message, reason: error };
  }
}
