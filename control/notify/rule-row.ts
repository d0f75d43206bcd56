/** Rules of notices as rows and as resources. */
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Rule } from '#api/resources/notice.ts';
import { unknown } from '#control/http/refusal.ts';
import type { NoticeRuleTable } from '#control/store/notice-tables.ts';
import type { Store } from '#control/store/store.ts';

type Db = Store['db'];
export type RuleRow = Selectable<NoticeRuleTable> & {
  readonly switched_off: Rule['switchedOff'];
};

const switchedOff = sql<Rule['switchedOff']>`coalesce((
  select jsonb_agg(jsonb_build_object(
      'scope', case when o.group_id is null then 'transfer' else 'group' end,
      'scopeId', coalesce(o.group_id, o.definition_id))
    order by o.created_at, o.group_id, o.definition_id)
  from notice_rule_off o where o.rule_id = notice_rule.id), '[]')`.as('switched_off');

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
export function selectRules(db: Db, workspaceId: string) {
  return db.selectFrom('notice_rule').selectAll().select(switchedOff).where('workspace_id', '=', workspaceId);
}

export async function theRule(db: Db, id: string, workspaceId: string, isLocked = false): Promise<RuleRow> {
  const query = selectRules(db, workspaceId).where('id', '=', id);
  const found = await (isLocked ? query.forUpdate() : query).executeTakeFirst();
  if (found === undefined) throw unknown('rule', id);
  return found;
}

function scopeOf({ group_id: groupId, definition_id: definitionId }: RuleRow): Pick<Rule, 'scope' | 'scopeId'> {
  if (definitionId !== null) return { scope: 'transfer', scopeId: definitionId };
  return groupId === null ? { scope: 'workspace', scopeId: null } : { scope: 'group', scopeId: groupId };
}

export function ruleOf(row: RuleRow): Rule {
  return {
    id: row.id,
    ...scopeOf(row),
    name: row.name,
    destinationId: row.destination_id,
    event: row.event,
    counter: row.counter,
    comparison: row.comparison,
    threshold: row.threshold === null ? null : Number(row.threshold),
    afterMinutes: row.after_s === null ? null : Math.round(row.after_s / 60),
    language: row.language,
    subject: row.subject,
    body: row.body,
    isGrouped: row.is_grouped,
    isEnabled: row.is_enabled,
    switchedOff: row.switched_off,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
