/** Many runs and no runners: what is let go ends when its time is over. For what admission alone must show. */
import { sql } from 'kysely';
import type { WorkOrder } from '#api/runner.ts';
import { admissionTick } from '#control/dispatch/admission.ts';
import type { AdmissionResult } from '#control/dispatch/admission.ts';
import { createRuns } from '#control/runs/create-run.ts';
import type { RunToCreate } from '#control/runs/create-run.ts';
import { scopesOf } from '#control/runs/freeze-work.ts';
import type { Db } from '#control/runs/transition-writer.ts';
import type { ControlStore } from '#test/kit/control-store.ts';

export const probeWork: WorkOrder = {
  kind: 'probe',
  config: {},
  connections: {},
  variables: {},
  arguments: {},
  transaction_time: '2026-01-01T00:00:00Z',
  run_timeout_s: 3600,
  memory_mb: 1024,
  cpu_millis: 1000,
  commit_mode: 'permit',
  workspace_id: 'w',
};

/** Of a runner that has moved nothing. */
export const noCounters = {
  records_read: 0,
  records_written: 0,
  records_rejected: 0,
  bytes_read: 0,
  bytes_written: 0,
  tasks_done: 0,
};

export interface CrowdOptions extends Partial<RunToCreate> {
  /** Accounts that its connections are of. */
  readonly accounts?: readonly string[];
}

export function probeRun(
  workspaceId: string,
  accounts: readonly string[] = [],
  options: Partial<RunToCreate> = {},
): RunToCreate {
  const { lane = 'batch', groupId = null, definitionId = null } = options;
  const connections = accounts.map((accountKey) => ({ accountKey }));
  const scopes = scopesOf({ workspaceId, groupId, definitionId, lane, connections });
  return { workspaceId, work: probeWork, trigger: 'api', createdBy: 'test', scopes, ...options };
}

/** Runs created by one statement. */
const CREATE_MAX = 1000;
/** Runs copied by one statement, which the database gives ten seconds. */
const COPY_MAX = 10_000;

export class Crowd {
  readonly store: ControlStore;
  /** Seconds since the beginning. */
  now = 0;

  constructor(store: ControlStore) {
    this.store = store;
  }

  async workspace(id: string, weight = 1, guaranteed = 0): Promise<void> {
    await sql`insert into workspace (id, name, weight, guaranteed_seats) values (${id}, ${id}, ${weight}, ${guaranteed})`.execute(
      this.store.db,
    );
  }

  async limit(kind: string, id: string, seats: number): Promise<void> {
    await sql`insert into seat_limit (scope_kind, scope_id, seats, label) values (${kind}, ${id}, ${seats}, ${`${kind} ${id}`})
      on conflict (scope_kind, scope_id) do update set seats = excluded.seats`.execute(this.store.db);
  }

  async create(workspaceId: string, count: number, { accounts = [], ...options }: CrowdOptions = {}): Promise<void> {
    for (let made = 0; made < count; made += CREATE_MAX) {
      const length = Math.min(CREATE_MAX, count - made);
      const runs = Array.from({ length }, () => probeRun(workspaceId, accounts, options));
      await createRuns(this.store.db, runs);
    }
  }

  /** Many of the same, without what is kept of them for people: made by the database, of one that is made as all are. */
  async createSame(
    workspaceId: string,
    count: number,
    { accounts = [], ...options }: CrowdOptions = {},
  ): Promise<void> {
    const { db } = this.store;
    const [first] = await createRuns(db, [probeRun(workspaceId, accounts, options)]);
    const { rows } = await sql<{ names: string }>`
      select string_agg(quote_ident(column_name), ', ' order by ordinal_position) as names
      from information_schema.columns where table_name = 'run' and column_name not in ('id', 'idempotency_key')`.execute(
      db,
    );
    const columns = sql.raw(rows[0]?.names ?? '');
    for (let from = 2; from <= count; from += COPY_MAX) {
      const copies = sql`(select id || '-' || lpad(n::text, 8, '0') as copy, run.* from run,
        generate_series(${from}::integer, ${Math.min(count, from + COPY_MAX - 1)}::integer) n where id = ${first?.id})`;
      await sql`insert into run (id, ${columns}) select copy, ${columns} from ${copies} as copies`.execute(db);
      await sql`insert into run_scope (run_id, scope_kind, scope_id)
        select copies.copy, scope_kind, scope_id from ${copies} as copies join run_scope on run_id = copies.id`.execute(
        db,
      );
      await sql`insert into run_work (run_id, work)
        select copies.copy, work from ${copies} as copies join run_work on run_id = copies.id`.execute(db);
    }
  }

  async tick(db: Db = this.store.db): Promise<AdmissionResult> {
    const plan = () => ({ executor: 'memory', manifest: {}, specHash: '' });
    return admissionTick(db, { actor: 'test', capacity: Infinity, plan });
  }

  /** Ticks until nothing more may go. */
  async admitAll(): Promise<number> {
    let admitted = 0;
    for (;;) {
      const result = await this.tick();
      admitted += result.admitted;
      if (!result.hasMore) return admitted;
    }
  }

  async pass(seconds: number): Promise<void> {
    this.now += seconds;
    await this.store.advance(seconds);
  }

  /** What was let go at least so many seconds ago, up to `spread` more for some, is over, and gives its seats back. */
  async endAfter(seconds: number, spread = 0): Promise<void> {
    await sql`
      with over as (
        update run set state = 'SUCCEEDED', terminal_at = dispatch.now(), is_quiesced = true
        from attempt a where a.run_id = run.id and a.no = run.attempt_no and a.quiesced_at is null
          and a.created_at <= dispatch.now()
            - (${seconds}::float8 + abs(hashtext(run.id)) % (${spread}::int + 1)) * interval '1 second'
        returning run.id, run.workspace_id, run.cpu_millis, a.created_at),
      quiet as (update attempt set quiesced_at = dispatch.now(), phase = 'QUIESCED' from over where run_id = over.id),
      freed as (delete from seat using over where seat.run_id = over.id)
      select count(*) from over`.execute(this.store.db);
  }

  /** Seconds from creation to admission, in order. */
  async waits(workspaceId: string): Promise<readonly number[]> {
    const { rows } = await sql<{ wait: number }>`
      select extract(epoch from a.created_at - r.created_at)::float8 as wait
      from run r join attempt a on a.run_id = r.id and a.no = 1
      where r.workspace_id = ${workspaceId} order by wait`.execute(this.store.db);
    return rows.map(({ wait }) => wait);
  }

  async held(): Promise<Readonly<Record<string, number>>> {
    const { rows } = await sql<{ workspace_id: string; n: number }>`
      select workspace_id, count(*)::int as n from run where not is_quiesced group by 1`.execute(this.store.db);
    return Object.fromEntries(rows.map((row) => [row.workspace_id, row.n]));
  }

  /** Limits with more seats taken than they have. */
  async excess(): Promise<number> {
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from (
        select l.scope_kind, l.scope_id from seat_limit l
          join run_scope s using (scope_kind, scope_id) join attempt a on a.run_id = s.run_id and a.quiesced_at is null
        group by l.scope_kind, l.scope_id, l.seats having count(*) > l.seats) over`.execute(this.store.db);
    return rows[0]?.n ?? 0;
  }
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Jain's index: 1 when all have the same, 1/n when one has all. */
export function jain(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return (sum * sum) / (values.length * squares);
}
