/** Rules of notices: what is told where, for the workspace, a group or a transfer, and for all below. */
import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import type { FieldProblem } from '#api/problem.ts';
import { noticeFields } from '#api/resources/notice-fields.ts';
import { noticeEvents } from '#api/resources/notice.ts';
import type { Rule } from '#api/resources/notice.ts';
import { definedOnly } from '#control/defined-only.ts';
import { visibleTo } from '#control/auth/visible.ts';
import { assertVersion } from '#control/definitions/versions.ts';
import { containing } from '#control/http/cursor.ts';
import { SortedList, latestFirst } from '#control/http/sorted-list.ts';
import type { HandlersOf, Principal } from '#control/http/handler.ts';
import { invalid, unknown } from '#control/http/refusal.ts';
import type { Refusal } from '#control/http/refusal.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { isRopewayError } from '#spi/errors.ts';
import { defaultText } from './default-templates.ts';
import type { DestinationRow } from './destination-row.ts';
import { selectDestinations } from './destination-row.ts';
import { checkTemplates } from './message.ts';
import { ruleOf, selectRules, theRule } from './rule-row.ts';
import { scopeOfNew, switchRule } from './rule-scope.ts';

type Db = Store['db'];
type Handlers = HandlersOf<'noticeRules'>;
type Wanted = Omit<Rule, 'id' | 'switchedOff' | 'version' | 'createdAt' | 'updatedAt'>;

export function ruleHandlers({ db }: Pick<Store, 'db'>): Handlers {
  return { ...readHandlers(db), ...writeHandlers(db) };
}

type ReadId = 'noticeRules.list' | 'noticeRules.get' | 'noticeRules.templates';

function readHandlers(db: Db): Pick<Handlers, ReadId> {
  return {
    async 'noticeRules.list'({ query, principal }) {
      const list = new SortedList('noticeRules', query, latestFirst('created_at'));
      let rows = selectRules(db, principal.workspaceId).where(isVisible(principal));
      if (query.q !== undefined) rows = rows.where('name', 'ilike', containing(query.q));
      if (query.scope === 'group') rows = rows.where('group_id', 'is not', null);
      if (query.scope === 'transfer') rows = rows.where('definition_id', 'is not', null);
      if (query.scope === 'workspace') rows = rows.where('group_id', 'is', null).where('definition_id', 'is', null);
      if (query.scopeId !== undefined) rows = rows.where(sql<boolean>`${query.scopeId} in (group_id, definition_id)`);
      if (query.appliesTo !== undefined) rows = rows.where(appliesTo(query.appliesTo));
      if (query.destinationId !== undefined) rows = rows.where('destination_id', '=', query.destinationId);
      if (query.event !== undefined) rows = rows.where('event', '=', query.event);
      const found = await rows.where(list.where).orderBy(list.orderBy).limit(list.limit).execute();
      return list.page(found, ruleOf);
    },

    async 'noticeRules.get'({ params, principal }) {
      const row = await selectRules(db, principal.workspaceId)
        .where('id', '=', params.id)
        .where(isVisible(principal))
        .executeTakeFirst();
      if (row === undefined) throw unknown('rule', params.id);
      return ruleOf(row);
    },

    'noticeRules.templates': () =>
      Promise.resolve({
        fields: Object.entries(noticeFields).map(([name, field]) => ({ name, ...field })),
        defaults: noticeEvents.flatMap((event) =>
          (['en', 'ja'] as const).map((language) => ({ event, language, ...defaultText(event, language) })),
        ),
      }),
  };
}

/** Those of the workspace tell of what everybody in it has: they are seen by all, and can be switched off below. */
function isVisible(principal: Principal) {
  const ofGroup = sql`select id from groups where id = notice_rule.group_id and ${visibleTo(principal, 'groups.id')}`;
  const ofTransfer = sql`select id from definition
    where id = notice_rule.definition_id and ${visibleTo(principal, 'definition.group_id')}`;
  return sql<boolean>`((notice_rule.group_id is null and notice_rule.definition_id is null)
    or exists (${ofGroup}) or exists (${ofTransfer}))`;
}

/** Its own, those of its group and of the workspace, where they are not switched off. */
function appliesTo(definitionId: string) {
  return sql<boolean>`exists (
    select from definition d where d.id = ${definitionId} and d.workspace_id = notice_rule.workspace_id
      and (notice_rule.definition_id = d.id or notice_rule.group_id = d.group_id
        or (notice_rule.definition_id is null and notice_rule.group_id is null))
      and not exists (select from notice_rule_off o where o.rule_id = notice_rule.id
        and (o.definition_id = d.id or o.group_id = d.group_id)))`;
}

function writeHandlers(db: Db): Omit<Handlers, ReadId> {
  return {
    async 'noticeRules.create'({ body, principal }) {
      const id = newId();
      await db.transaction().execute(async (trx) => {
        const scope = await scopeOfNew(trx, body, principal);
        const destination = await checked(trx, { ...body, isGrouped: body.isGrouped ?? true }, principal);
        const isGrouped = body.isGrouped ?? destination.kind !== 'http';
        await trx
          .insertInto('notice_rule')
          .values({
            id,
            workspace_id: principal.workspaceId,
            group_id: scope.groupId,
            definition_id: scope.definitionId,
            ...columnsOf({ ...body, isGrouped }),
          })
          .execute();
      });
      return ruleOf(await theRule(db, id, principal.workspaceId));
    },

    async 'noticeRules.update'({ params: { id }, body, principal, ifMatch }) {
      const { workspaceId } = principal;
      await db.transaction().execute(async (trx) => {
        const row = await theRule(trx, id, workspaceId, true);
        assertVersion('rule', row.version, ifMatch);
        const before = ruleOf(row);
        const after: Rule = { ...before, ...definedOnly(body) };
        if (isDeepStrictEqual(after, before)) return;
        await checked(trx, after, principal);
        // What happened while it was off, or told something else, is not its business.
        const begins = after.event !== before.event || (after.isEnabled && !before.isEnabled);
        await trx
          .updateTable('notice_rule')
          .set({
            ...columnsOf(after),
            version: before.version + 1,
            updated_at: sql<string>`dispatch.now()`,
            ...(begins ? { enabled_from: sql<string>`dispatch.now()` } : {}),
          })
          .where('id', '=', id)
          .execute();
      });
      return ruleOf(await theRule(db, id, workspaceId));
    },

    async 'noticeRules.delete'({ params: { id }, principal, ifMatch }) {
      await db.transaction().execute(async (trx) => {
        const { version } = await theRule(trx, id, principal.workspaceId, true);
        if (ifMatch !== undefined) assertVersion('rule', version, ifMatch);
        await trx.deleteFrom('notice_rule').where('id', '=', id).execute();
      });
    },

    async 'noticeRules.switchForTransfer'({ params: { id, ruleId }, body, principal }) {
      await switchRule(db, ruleId, { scope: 'transfer', scopeId: id, ...body }, principal);
      return ruleOf(await theRule(db, ruleId, principal.workspaceId));
    },

    async 'noticeRules.switchForGroup'({ params: { id, ruleId }, body, principal }) {
      await switchRule(db, ruleId, { scope: 'group', scopeId: id, ...body }, principal);
      return ruleOf(await theRule(db, ruleId, principal.workspaceId));
    },
  };
}

function columnsOf(rule: Wanted) {
  return {
    name: rule.name,
    destination_id: rule.destinationId,
    event: rule.event,
    counter: rule.counter,
    comparison: rule.comparison,
    threshold: rule.threshold,
    after_s: rule.afterMinutes === null ? null : rule.afterMinutes * 60,
    language: rule.language,
    subject: rule.subject,
    body: rule.body,
    is_grouped: rule.isGrouped,
    is_enabled: rule.isEnabled,
  };
}

/** Throws a refusal for what does not go together; returns where it sends. */
async function checked(trx: Db, rule: Wanted, { workspaceId }: Principal): Promise<DestinationRow> {
  const isCount = rule.event === 'record_count';
  for (const field of ['counter', 'comparison', 'threshold'] as const) {
    if (isCount === (rule[field] === null)) throw problem(field, isCount ? 'it is needed' : 'only of record_count');
  }
  const isTimed = rule.event === 'run_elapsed' || rule.event === 'run_waiting';
  if (isTimed === (rule.afterMinutes === null)) {
    throw problem('afterMinutes', isTimed ? 'it is needed' : 'only of run_elapsed and run_waiting');
  }
  if (rule.event === 'destination_failing' && rule.scope !== 'workspace')
    throw problem('event', 'only of rules for the workspace');
  const destination = await selectDestinations(trx, workspaceId)
    .where('id', '=', rule.destinationId)
    .executeTakeFirst();
  if (destination === undefined) throw problem('destinationId', `there is no such destination: ${rule.destinationId}`);
  const { contentType } = destination.config;
  const type = typeof contentType === 'string' ? contentType : undefined;
  for (const field of ['subject', 'body'] as const) {
    const only = { subject: null, body: null, [field]: rule[field] };
    try {
      checkTemplates({ kind: destination.kind, contentType: type, ...only });
    } catch (error) {
      if (!isRopewayError(error)) throw error;
      throw invalid([{ in: 'body', path: [field], message: error.message, hint: error.hint }]);
    }
  }
  return destination;
}

function problem(field: string, message: string): Refusal {
  const errors: FieldProblem[] = [{ in: 'body', path: [field], message }];
  return invalid(errors);
}
