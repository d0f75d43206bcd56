/** The queue as a table of the store: rows are taken by `skip locked`, and kept by a lease with a token. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from '#control/runs/transition-writer.ts';
import type { Delivery, QueueDriver, QueueMessage, QueueStats } from './queue-driver.ts';

export class PostgresQueue implements QueueDriver {
  readonly isTransactional = true;
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  async enqueue(messages: readonly QueueMessage[], tx: Db = this.#db): Promise<void> {
    if (messages.length === 0) return;
    const rows = messages.map(({ kind, runId, workspaceId, delayS = 0 }) => ({
      kind,
      run_id: runId,
      workspace_id: workspaceId,
      delay_s: delayS,
    }));
    await sql`
      insert into queue_message (kind, run_id, workspace_id, available_at)
      select kind, run_id, workspace_id, dispatch.now() + delay_s * interval '1 second'
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as m (
        kind text, run_id text, workspace_id text, delay_s float8)`.execute(tx);
  }

  async receive({ max, leaseS }: { readonly max: number; readonly leaseS: number }): Promise<readonly Delivery[]> {
    const token = randomUUID();
    const { rows } = await sql<Delivery>`
      update queue_message m set lease_token = ${token}, tries = m.tries + 1,
        lease_until = dispatch.now() + ${leaseS}::float8 * interval '1 second'
      from (
        select id from queue_message
        where dead_at is null and available_at <= dispatch.now()
          and (lease_until is null or lease_until <= dispatch.now())
        order by available_at limit ${max} for update skip locked) free
      where m.id = free.id
      returning m.id::text, m.kind, m.run_id as "runId", m.workspace_id as "workspaceId", m.tries,
        m.lease_token as token`.execute(this.#db);
    return rows;
  }

  async extend({ id, token }: Delivery, leaseS: number): Promise<'ok' | 'lost'> {
    return this.#change(sql`
      update queue_message set lease_until = dispatch.now() + ${leaseS}::float8 * interval '1 second'
      where id = ${id}::bigint and lease_token = ${token} and lease_until > dispatch.now()`);
  }

  async ack({ id, token }: Delivery): Promise<'ok' | 'lost'> {
    return this.#change(sql`
      delete from queue_message where id = ${id}::bigint and lease_token = ${token} and lease_until > dispatch.now()`);
  }

  async nack({ id, token }: Delivery, delayS: number): Promise<'ok' | 'lost'> {
    return this.#change(sql`
      update queue_message set lease_token = null, lease_until = null,
        available_at = dispatch.now() + ${delayS}::float8 * interval '1 second'
      where id = ${id}::bigint and lease_token = ${token} and lease_until > dispatch.now()`);
  }

  async deadLetter({ id, token }: Delivery, why: string): Promise<'ok' | 'lost'> {
    return this.#change(sql`
      update queue_message set dead_at = dispatch.now(), dead_reason = ${why}, lease_token = null, lease_until = null
      where id = ${id}::bigint and lease_token = ${token} and lease_until > dispatch.now()`);
  }

  async stats(): Promise<QueueStats> {
    const { rows } = await sql<QueueStats>`
      select
        (count(*) filter (where dead_at is null and (lease_until is null or lease_until <= dispatch.now())
          and available_at <= dispatch.now()))::int as ready,
        (count(*) filter (where lease_until > dispatch.now()))::int as leased,
        (count(*) filter (where dead_at is not null))::int as dead,
        coalesce(extract(epoch from dispatch.now() - min(available_at) filter (where dead_at is null
          and (lease_until is null or lease_until <= dispatch.now()) and available_at <= dispatch.now())), 0)::float8
          as "oldestReadySeconds"
      from queue_message`.execute(this.#db);
    const [stats] = rows;
    if (stats === undefined) throw new Error('an aggregate gives a row');
    return stats;
  }

  async #change(statement: ReturnType<typeof sql>): Promise<'ok' | 'lost'> {
    const { numAffectedRows = 0n } = await statement.execute(this.#db);
    return numAffectedRows > 0n ? 'ok' : 'lost';
  }
}
