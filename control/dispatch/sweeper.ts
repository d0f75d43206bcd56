/**
 * Takes away what an executor still has and no attempt needs: what came too late for an attempt that is over, at once;
 * what no attempt explains, only when it has been there for a while and there is little of it. Much that nobody
 * explains means that it is our rows that are missing: another database, a backup that is too old.
 */
import { sql } from 'kysely';
import type { Db } from '#control/runs/transition-writer.ts';
import type { Executor, Observed } from './executors/executor.ts';

/** Seconds from the first sight of what nobody explains until it goes, at a later sight. */
const UNEXPLAINED_S = 600;
/** With more of it, or a larger share of all that is there, nothing goes. */
const UNEXPLAINED_MAX = 50;
const UNEXPLAINED_SHARE_MAX = 0.2;
/** Removals of one sweep: with a sweep each half minute five a second. */
const REMOVALS_MAX = 150;

export interface SweeperParts {
  readonly db: Db;
  readonly executor: Pick<Executor, 'remove'>;
  readonly installationId: string;
}

export interface Sweep {
  readonly removed: number;
  /** Objects of this installation that no attempt explains. */
  readonly orphans: number;
  /** There are so many that none of them is touched. */
  readonly isStopped: boolean;
}

interface Known {
  readonly name: string;
  readonly fence: string;
  readonly is_clean: boolean;
}

export class Sweeper {
  readonly #parts: SweeperParts;
  /** When what nobody explains was seen first, by name and identity, in seconds of the database. */
  readonly #firstSeen = new Map<string, number>();

  constructor(parts: SweeperParts) {
    this.#parts = parts;
  }

  /** `there` was listed before: rows are written before their objects, so what has none now never had. */
  async sweep(there: readonly Observed[]): Promise<Sweep> {
    const ours = there.filter(({ identity }) => identity?.installationId === this.#parts.installationId);
    const { known, nowS } = await this.#read(ours.map(({ name }) => name));
    const explained = (each: Observed): Known | undefined => {
      const attempt = known.get(each.name);
      return attempt?.fence === each.identity?.fence ? attempt : undefined;
    };
    const orphans = ours.filter((each) => explained(each) === undefined);
    const isStopped = orphans.length > UNEXPLAINED_MAX || orphans.length > ours.length * UNEXPLAINED_SHARE_MAX;
    const old = this.#seen(orphans, nowS);
    const late = ours.filter((each) => explained(each)?.is_clean === true);
    const going = [...late, ...(isStopped ? [] : old)].slice(0, REMOVALS_MAX);
    for (const { name, ref } of going) await this.#parts.executor.remove(name, ref);
    return { removed: going.length, orphans: orphans.length, isStopped };
  }

  /** Those that were seen long ago for the first time. */
  #seen(orphans: readonly Observed[], nowS: number): readonly Observed[] {
    const keyOf = ({ name, ref }: Observed): string => `${name} ${ref}`;
    const there = new Set(orphans.map(keyOf));
    for (const key of this.#firstSeen.keys()) if (!there.has(key)) this.#firstSeen.delete(key);
    return orphans.filter((each) => {
      const first = this.#firstSeen.get(keyOf(each));
      if (first === undefined) this.#firstSeen.set(keyOf(each), nowS);
      return first !== undefined && nowS - first >= UNEXPLAINED_S;
    });
  }

  async #read(names: readonly string[]): Promise<{ known: ReadonlyMap<string, Known>; nowS: number }> {
    const { rows: clock } = await sql<{ now_s: number }>`
      select extract(epoch from dispatch.now())::float8 as now_s`.execute(this.#parts.db);
    const { rows } = await sql<Known>`
      select name, fence::text, cleaned_at is not null as is_clean from attempt
      where name = any(${names}::text[])`.execute(this.#parts.db);
    return { known: new Map(rows.map((row) => [row.name, row])), nowS: clock[0]?.now_s ?? 0 };
  }
}
