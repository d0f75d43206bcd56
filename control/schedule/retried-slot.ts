/** A run of a slot that is done again: the slot tells of the new one from now on. */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tables } from '#control/store/tables.ts';

export async function slotIsRetried(db: Kysely<Tables>, runId: string, newRunId: string): Promise<void> {
  await sql`update schedule_fire set run_id = ${newRunId}, outcome = null where run_id = ${runId}`.execute(db);
}
