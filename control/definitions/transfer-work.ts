/** Transfers as a whole: compared, copied, converted. */
import { sql } from 'kysely';
import { ID_PATTERN } from '#api/fields.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { invalid, unknown } from '#control/http/refusal.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import { configDiff } from './config-diff.ts';
import type { Compared } from './config-diff.ts';
import { secretPlaces } from './config-secrets.ts';
import { checkKept, convertConfig } from './given-config.ts';
import { assertGroup } from './groups.ts';
import type { TransferParts } from './new-run.ts';
import { bulkHandler } from './transfer-bulk.ts';
import { fieldsOf, insertTransfer } from './transfer-change.ts';
import { keptConfig, theTransfer, theTransferRow } from './transfer-row.ts';

type Db = Store['db'];
type Handlers = HandlersOf<'transfers'>;
type WorkId = 'transfers.bulk' | 'transfers.convert' | 'transfers.copy' | 'transfers.diff';

export function transferWorkHandlers(parts: TransferParts): Pick<Handlers, WorkId> {
  const { db } = parts.store;
  const { catalog } = parts;
  return {
    'transfers.bulk': bulkHandler(parts),

    async 'transfers.convert'({ body: { config, yaml: text, yamlDialect: dialect }, principal }) {
      if (config === undefined && text === undefined) {
        throw invalid([{ in: 'body', path: ['config'], message: 'config or yaml is needed' }]);
      }
      const yaml = text === undefined ? undefined : { text, dialect };
      // It has come as JSON.
      const both = await convertConfig(db, principal, { config: config as JsonObject | undefined, yaml });
      return { config: { ...both.config }, yaml: both.yaml };
    },

    async 'transfers.copy'({ params, body, principal }) {
      return db.transaction().execute(async (trx) => {
        const original = await theTransferRow(trx, params.id, principal.workspaceId, true);
        const kept = await keptConfig(trx, original, original.revision);
        const config = await checkKept(trx, principal, kept, catalog);
        const groupId = body.groupId === undefined ? original.group_id : body.groupId;
        await assertGroup(trx, groupId, principal);
        const id = await insertTransfer(trx, {
          fields: { ...fieldsOf(original), name: body.name, groupId },
          config,
          memo: `Copy of "${original.name}", revision ${original.revision}.`,
          principal,
          catalog,
        });
        if (body.schedules !== 'none') {
          await copySchedules(trx, { from: original.id, to: id, isOff: body.schedules === 'off' });
        }
        return theTransfer(trx, id, principal.workspaceId);
      });
    },

    async 'transfers.diff'({ params, query, principal }) {
      const transfer = await theTransferRow(db, params.id, principal.workspaceId);
      const { from, to = transfer.revision } = query;
      const [one, other] = [await compared(from), await compared(to)];
      return { ...configDiff(one, other, [`revision ${from}`, `revision ${to}`]), from, to };

      async function compared(no: number): Promise<Compared> {
        return comparedRevision(db, { transfer, no, catalog });
      }
    },
  };
}

interface WantedRevision {
  readonly transfer: { readonly id: string; readonly revision: number };
  readonly no: number;
  readonly catalog: Catalog;
}

async function comparedRevision(db: Db, { transfer, no, catalog }: WantedRevision): Promise<Compared> {
  const { config } = await keptConfig(db, transfer, no);
  return { config, isSecret: await secretPlaces(config, catalog) };
}

/** All that they say, whatever columns they have. */
async function copySchedules(
  trx: Db,
  { from, to, isOff }: { readonly from: string; readonly to: string; readonly isOff: boolean },
): Promise<void> {
  const { rows } = await sql<{ id: string }>`select id from schedule where definition_id = ${from} order by id`.execute(
    trx,
  );
  for (const { id } of rows) {
    const patch = { id: newId(), definition_id: to, version: 1, ...(isOff ? { is_enabled: false } : {}) };
    await sql`insert into schedule
      select (jsonb_populate_record(s, ${JSON.stringify(patch)}::jsonb || jsonb_build_object(
        'created_at', dispatch.now(), 'updated_at', dispatch.now(), 'enabled_from', dispatch.now()))).*
      from schedule s where s.id = ${id}`.execute(trx);
  }
}

interface ComparedRun {
  readonly id: string;
  readonly definition_id: string | null;
  readonly revision: number | null;
  readonly variables: Readonly<Record<string, string>> | null;
}

/** `runs.configDiff`: what a run did otherwise than the last good one before it. */
export function runDiffHandler({
  store: { db },
  catalog,
}: Pick<TransferParts, 'store' | 'catalog'>): HandlersOf<'runs'>['runs.configDiff'] {
  return async ({ params, principal }) => {
    const [run] = await runsLike(db, sql`run.id = ${params.id} and run.workspace_id = ${principal.workspaceId}`);
    if (run === undefined) throw unknown('run', params.id);
    const { definition_id: definitionId, revision } = run;
    const nothing = {
      changes: [],
      isCut: false,
      text: '',
      lastGoodRunId: null,
      from: null,
      to: revision,
      variables: [],
    };
    if (definitionId === null || revision === null || !ID_PATTERN.test(definitionId)) return nothing;
    const [good] = await runsLike(
      db,
      sql`run.definition_id = ${definitionId} and run.kind = 'transfer' and run.state = 'SUCCEEDED'
        and (run.created_at, run.id) < (select created_at, id from run where id = ${run.id})`,
    );
    if (good === undefined || good.revision === null) return nothing;
    const facts = {
      lastGoodRunId: good.id,
      from: good.revision,
      to: revision,
      variables: changedVariables(good.variables ?? {}, run.variables ?? {}),
    };
    const transfer = { id: definitionId, revision };
    const known = await db.selectFrom('revision').select('no').where('definition_id', '=', definitionId).execute();
    const areKnown = [good.revision, revision].every((no) => known.some((row) => row.no === no));
    // The transfer may have been deleted since.
    if (!areKnown) return { ...nothing, ...facts };
    const before = await comparedRevision(db, { transfer, no: good.revision, catalog });
    const after = await comparedRevision(db, { transfer, no: revision, catalog });
    return { ...configDiff(before, after, [`revision ${good.revision}`, `revision ${revision}`]), ...facts };
  };
}

async function runsLike(db: Db, where: ReturnType<typeof sql>): Promise<readonly ComparedRun[]> {
  const { rows } = await sql<ComparedRun>`
    select run.id, run.definition_id, run.revision, run_work.work -> 'variables' as variables
    from run left join run_work on run_work.run_id = run.id
    where ${where} order by run.created_at desc, run.id desc limit 1`.execute(db);
  return rows;
}

function changedVariables(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]).sort();
}
