/** What runs would get: by hand, and from the next firings of schedules. */
import type { Variable, VariableFiring } from '#api/resources/variable.ts';
import { readGivenSettings } from '#control/definitions/given-settings.ts';
import { assertGroup } from '#control/definitions/groups.ts';
import { databaseNow } from '#control/definitions/new-run.ts';
import type { TransferParts } from '#control/definitions/new-run.ts';
import { keptConfig, theTransferRow } from '#control/definitions/transfer-row.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { nextSlot } from '#control/schedule/next-slot.ts';
import type { Timing } from '#control/schedule/next-slot.ts';
import { slotText, timingOf } from '#control/schedule/schedule-row.ts';
import type { Store } from '#control/store/store.ts';
import type { Timestamp } from '#spi/batch.ts';
import type { JsonObject } from '#spi/json.ts';
import type { KeptVariables } from './declare.ts';
import { insertedTexts, resolveVariables, timestampOf } from './resolve.ts';
import { lastSuccesses, needsLastSuccess, readGivenVariables } from './transfer-variables.ts';

type Db = Store['db'];

const bothSides = ['in', 'out'] as const;
/** Of one transfer: those that come next are among them. */
const SCHEDULES_MAX = 200;
/** Slots that only tell of an absent day, between two that fire. */
const SILENT_MAX = 400;

export function variableHandlers({ store: { db }, catalog }: TransferParts): HandlersOf<'variables'> {
  return {
    async 'variables.preview'({ params: { id }, body, principal }) {
      const { at, values, count, variables } = body;
      const transfer = await theTransferRow(db, id, principal.workspaceId);
      const saved = await keptConfig(db, transfer, body.revision ?? transfer.revision);
      const kept = variables === undefined ? saved.variables : await givenKept(saved.config, variables);
      const now = await databaseNow(db);
      const lastSuccess = needsLastSuccess(kept) ? (await lastSuccesses(db, [id])).get(id) : undefined;
      const ask = { kept, lastSuccess };
      const firings = count === 0 ? [] : await nextFirings(db, id, { now, count });
      return {
        variables: [...kept.declared],
        run: firing(ask, { at: at ?? now, scheduleId: null }, values),
        firings: firings.map((each) => firing(ask, each)),
      };

      async function givenKept(given: JsonObject, declared: readonly Variable[]): Promise<KeptVariables> {
        return (await readGivenVariables(db, { principal, config: given, declared, catalog })).kept;
      }
    },

    async 'variables.previewConfig'({ body, principal }) {
      await assertGroup(db, body.groupId, principal);
      const { variables: kept } = await readGivenSettings(db, principal, {
        // It has come as JSON.
        config: body.config as JsonObject,
        declared: body.variables,
        sides: bothSides,
        catalog,
      });
      const at = body.at ?? (await databaseNow(db));
      const run = firing({ kept, lastSuccess: undefined }, { at, scheduleId: null }, body.values);
      return { variables: [...kept.declared], run, firings: [] };
    },
  };
}

interface Ask {
  readonly kept: KeptVariables;
  readonly lastSuccess: Timestamp | undefined;
}

type Instant = Pick<VariableFiring, 'at' | 'scheduleId'>;

/** As if the run began at the instant that it is about. */
function firing(
  { kept, lastSuccess }: Ask,
  instant: Instant,
  given: Readonly<Record<string, string>> = {},
): VariableFiring {
  const at = timestampOf(instant.at);
  const resolved = resolveVariables(kept, { at, given, lastSuccess });
  const started = resolveVariables({ ...kept, declared: kept.declared.map(asAtQueue) }, { at, given, lastSuccess });
  return {
    ...instant,
    values: started.shown.map((value, index) => ({ ...value, kind: kept.declared[index]?.kind ?? value.kind })),
    fields: insertedTexts(started),
    problems: resolved.problems.map(({ message }) => message),
  };
}

function asAtQueue(variable: Variable): Variable {
  return variable.kind === 'time_at_start' ? { ...variable, kind: 'time_at_queue' } : variable;
}

async function nextFirings(
  db: Db,
  definitionId: string,
  { now, count }: { readonly now: string; readonly count: number },
): Promise<Instant[]> {
  const schedules = await db
    .selectFrom('schedule')
    .select(['id', 'cron', 'interval_s', 'time_zone'])
    .where('definition_id', '=', definitionId)
    .where('is_enabled', '=', true)
    .where('next_slot_utc', 'is not', null)
    .orderBy('next_slot_utc')
    .orderBy('id')
    .limit(SCHEDULES_MAX)
    .execute();
  const after = Date.parse(now);
  return schedules
    .flatMap((row) => slotsOf(timingOf(row), after, count).map((at) => ({ at: slotText(at), scheduleId: row.id })))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .slice(0, count);
}

function slotsOf(timing: Timing, after: number, count: number): number[] {
  const slots: number[] = [];
  let slot = nextSlot(timing, after);
  for (let seen = 0; slot !== undefined && slots.length < count && seen < SILENT_MAX; seen++) {
    if (slot.fires) slots.push(slot.at);
    slot = nextSlot(timing, slot.at);
  }
  return slots;
}
