/**
 * Requests that may come twice: the first one is served, and its answer kept for a day; the same request with the same
 * key is answered from it. A process that dies in between leaves a lock that runs out: then the request is served
 * again, and what is unique (names, the key of a run) decides.
 */
import { createHash, createHmac } from 'node:crypto';
import { sql } from 'kysely';
import type { Store } from '#control/store/store.ts';
import { httpErrors } from './errors.ts';
import { Refusal } from './refusal.ts';

const LOCK_S = 60;
const KEPT_HOURS = 24;
/** Larger answers are not kept: the request is served again. */
const ANSWER_LENGTH_MAX = 1024 * 1024;
const FORGET_ROWS_MAX = 5000;

export interface KeyedRequest {
  readonly workspaceId: string;
  /** Whose key it is. */
  readonly owner: string;
  readonly endpointId: string;
  readonly key: string;
  /** What must be the same again: path and body. */
  readonly content: string;
}

export interface KeptAnswer {
  readonly status: number;
  /** JSON text. */
  readonly body: string;
}

export class Idempotency {
  readonly #store: Pick<Store, 'db'>;

  constructor(store: Pick<Store, 'db'>) {
    this.#store = store;
  }

  /** The kept answer, or the one that `serve` gives now. A refusal is not kept. */
  async answer(request: KeyedRequest, serve: () => Promise<KeptAnswer>): Promise<KeptAnswer & { isKept: boolean }> {
    const { workspaceId, owner, endpointId, key, content } = request;
    const keyHash = createHash('sha256')
      .update(JSON.stringify([workspaceId, owner, endpointId, key]))
      .digest('base64url');
    // With the key, which is kept nowhere: the body may hold a secret that a plain hash would give away.
    const mac = createHmac('sha256', key).update(content).digest('base64url');
    const kept = await this.#begin(keyHash, mac);
    if (kept !== undefined) return { ...kept, isKept: true };
    try {
      const answer = await serve();
      await this.#keep(keyHash, answer);
      return { ...answer, isKept: false };
    } catch (error) {
      await this.#store.db
        .deleteFrom('idempotency')
        .where('key_hash', '=', keyHash)
        .where('status', 'is', null)
        .execute();
      throw error;
    }
  }

  /** Takes the key, or says what was answered to it. */
  async #begin(keyHash: string, mac: string): Promise<KeptAnswer | undefined> {
    const { rows: taken } = await sql<{ key_hash: string }>`
      insert into idempotency as known (key_hash, request_mac, locked_until)
      values (${keyHash}, ${mac}, dispatch.now() + make_interval(secs => ${LOCK_S}))
      on conflict (key_hash) do update
        set request_mac = excluded.request_mac, locked_until = excluded.locked_until, created_at = dispatch.now(),
          status = null, answer = null
        where known.created_at < dispatch.now() - make_interval(hours => ${KEPT_HOURS})
          or (known.status is null and known.locked_until < dispatch.now() and known.request_mac = excluded.request_mac)
      returning key_hash`.execute(this.#store.db);
    if (taken.length > 0) return undefined;
    const known = await this.#store.db
      .selectFrom('idempotency')
      .select(['request_mac', 'status', 'answer'])
      .where('key_hash', '=', keyHash)
      .executeTakeFirst();
    if (known !== undefined && known.request_mac !== mac) throw new Refusal(httpErrors.error('KEY_REUSED'), 422);
    if (known?.status === undefined || known.status === null) {
      throw new Refusal(httpErrors.error('KEY_IN_USE'), 409, { retryAfterS: 1 });
    }
    return { status: known.status, body: known.answer ?? '' };
  }

  async #keep(keyHash: string, { status, body }: KeptAnswer): Promise<void> {
    const row = this.#store.db.updateTable('idempotency').where('key_hash', '=', keyHash);
    if (body.length <= ANSWER_LENGTH_MAX) await row.set({ status, answer: body }).execute();
    else await this.#store.db.deleteFrom('idempotency').where('key_hash', '=', keyHash).execute();
  }

  /** Forgets what is older than a day, some of it; returns how many. */
  async forget(): Promise<number> {
    const { numAffectedRows } = await sql`
      delete from idempotency where key_hash in (
        select key_hash from idempotency where created_at < dispatch.now() - make_interval(hours => ${KEPT_HOURS})
        limit ${FORGET_ROWS_MAX})`.execute(this.#store.db);
    return Number(numAffectedRows ?? 0);
  }
}
