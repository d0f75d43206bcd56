/** What a rule is for: the workspace, a group or a transfer; and who may say so. */
import { sql } from 'kysely';
import { RULES_MAX } from '#api/resources/notice.ts';
import type { Rule } from '#api/resources/notice.ts';
import { assertRole } from '#control/auth/role-missing.ts';
import { roleIn } from '#control/auth/rights.ts';
import type { Principal } from '#control/http/handler.ts';
import { Refusal, invalid } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import { noticeErrors } from './errors.ts';
import { theRule } from './rule-row.ts';

type Db = Store['db'];

export interface Scope {
  readonly groupId: string | null;
  readonly definitionId: string | null;
  /** Whose rights count: of a transfer those of its group. */
  readonly placeId: string | null;
}

type ScopeName = { readonly scope: Rule['scope']; readonly scopeId: string | null };

function refused(message: string): Refusal {
  return invalid([{ in: 'body', path: ['scopeId'], message }]);
}

/** Locks what is named, so that its rules are counted by one at a time. Of what may not be seen it says: none such. */
async function theScope(trx: Db, { scope, scopeId }: ScopeName, principal: Principal): Promise<Scope> {
  const { workspaceId } = principal;
  if (scope === 'workspace') {
    if (scopeId !== null) throw refused('a rule for the workspace has none');
    await sql`select from workspace where id = ${workspaceId} for no key update`.execute(trx);
    return { groupId: null, definitionId: null, placeId: null };
  }
  if (scopeId === null) throw refused('it is needed');
  const isGroup = scope === 'group';
  const { rows } = await sql<{ place: string | null }>`
    select ${isGroup ? sql`id` : sql`group_id`} as place from ${sql.table(isGroup ? 'groups' : 'definition')}
    where id = ${scopeId} and workspace_id = ${workspaceId} for no key update`.execute(trx);
  const [row] = rows;
  if (row === undefined || roleIn(principal, row.place) === null)
    throw refused(`there is no such ${scope}: ${scopeId}`);
  return { groupId: isGroup ? scopeId : null, definitionId: isGroup ? null : scopeId, placeId: row.place };
}

/** For a new rule. */
export async function scopeOfNew(trx: Db, name: ScopeName, principal: Principal): Promise<Scope> {
  const scope = await theScope(trx, name, principal);
  await assertRole(trx, principal, { role: 'editor', groupId: scope.placeId });
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from notice_rule where workspace_id = ${principal.workspaceId}
      and group_id is not distinct from ${scope.groupId}::text
      and definition_id is not distinct from ${scope.definitionId}::text`.execute(trx);
  if ((rows[0]?.n ?? 0) < RULES_MAX) return scope;
  throw new Refusal(noticeErrors.error('NOTICE_RULES_EXCEEDED', { limit: RULES_MAX, scope: name.scope }), 409);
}

export interface SwitchOff {
  readonly scope: 'group' | 'transfer';
  readonly scopeId: string;
  readonly isOff: boolean;
}

/** A rule from above is switched off for something below it, or on again: by who may change that. */
export async function switchRule(db: Db, ruleId: string, wanted: SwitchOff, principal: Principal): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const rule = await theRule(trx, ruleId, principal.workspaceId, true);
    const { groupId, definitionId, placeId } = await theScope(trx, wanted, principal);
    await assertRole(trx, principal, { role: 'editor', groupId: placeId });
    const isOfWorkspace = rule.group_id === null && rule.definition_id === null;
    const isOfItsGroup = definitionId !== null && rule.group_id !== null && rule.group_id === placeId;
    if (!isOfWorkspace && !isOfItsGroup) throw refused('it is not below the rule');
    if (wanted.isOff) {
      await trx
        .insertInto('notice_rule_off')
        .values({ rule_id: ruleId, group_id: groupId, definition_id: definitionId, created_by: principal.actor })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return;
    }
    await sql`delete from notice_rule_off where rule_id = ${ruleId}
      and group_id is not distinct from ${groupId}::text
      and definition_id is not distinct from ${definitionId}::text`.execute(trx);
  });
}
