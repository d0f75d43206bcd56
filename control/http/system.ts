import { sql } from 'kysely';
import { openApi } from '#api/openapi.ts';
import type { Readiness } from '#api/resources/health.ts';
import { RUNNER_PROTOCOL } from '#api/runner.ts';
import type { Store } from '#control/store/store.ts';
import { httpErrors } from './errors.ts';
import type { HandlersOf } from './handler.ts';
import { Refusal, unknown } from './refusal.ts';

export interface SystemParts {
  readonly store: Pick<Store, 'db' | 'kind'>;
  /** Of this release. */
  readonly version: string;
  readonly stopping: AbortSignal;
}

/** The database has this long to say that it is there. */
const READY_MS = 2000;

export function systemHandlers({ store, version, stopping }: SystemParts): HandlersOf<'system' | 'workspace'> {
  const document = openApi({ version });
  return {
    'system.health': () => Promise.resolve(health),

    'system.ready': () => readiness({ store, stopping }),

    'system.version': () =>
      Promise.resolve({ version, apiVersion: 1 as const, runnerProtocol: RUNNER_PROTOCOL, store: store.kind }),

    'system.openapi': () => Promise.resolve(document),

    async 'workspace.get'({ principal }) {
      const row = await store.db
        .selectFrom('workspace')
        .select(['id', 'name', 'suspended_at', 'created_at'])
        .where('id', '=', principal.workspaceId)
        .executeTakeFirst();
      if (row === undefined) throw unknown('workspace', principal.workspaceId);
      const isSuspended = row.suspended_at !== null;
      return { id: row.id, name: row.name, isSuspended, createdAt: row.created_at };
    },
  };
}

export const health = { status: 'ok' } as const;

/** Throws what says why not. */
export async function readiness({ store, stopping }: Pick<SystemParts, 'store' | 'stopping'>): Promise<Readiness> {
  if (stopping.aborted) throw notReady('it stops');
  if (!(await answers(store.db))) throw notReady('the database does not answer');
  return { status: 'ready', checks: { database: { ok: true, detail: 'It answers.' } } };
}

function notReady(reason: string): Refusal {
  return new Refusal(httpErrors.error('SERVER_NOT_READY', { reason }), 503, { retryAfterS: 2 });
}

async function answers(db: Store['db']): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), READY_MS);
  });
  // Why it failed is for the next request that needs it; here only whether.
  const asked = sql`select 1`.execute(db).then(
    () => true,
    () => false,
  );
  const isThere = await Promise.race([asked, late]);
  clearTimeout(timer);
  return isThere;
}
