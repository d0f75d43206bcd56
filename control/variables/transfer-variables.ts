/** Variables of transfers as the database knows them: what is declared, and what they need to be resolved. */
import { sql } from 'kysely';
import type { FieldProblem } from '#api/problem.ts';
import type { Variable } from '#api/resources/variable.ts';
import { assertRole } from '#control/auth/role-missing.ts';
import { visibleTo } from '#control/auth/visible.ts';
import type { Principal } from '#control/http/handler.ts';
import { invalid } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import type { Timestamp } from '#spi/batch.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import { checkVariables } from './declare.ts';
import type { KeptVariables } from './declare.ts';
import { takesQuery } from './open-options.ts';
import { resolveVariables, timestampOf } from './resolve.ts';
import type { ResolvedVariables } from './resolve.ts';

type Db = Store['db'];

export interface GivenVariables {
  readonly principal: Principal;
  /** As it is kept: sections with their types. */
  readonly config: JsonObject;
  readonly declared: readonly Variable[];
  readonly catalog: Catalog;
}

export interface ReadVariables {
  /** Connections of queries by id. */
  readonly kept: KeptVariables;
  readonly connectionIds: readonly string[];
}

/** Checks variables that came in a body, with the connections of their queries by id or by name: those that may be used. */
export async function readGivenVariables(db: Db, given: GivenVariables): Promise<ReadVariables> {
  const { config, catalog, principal } = given;
  const names = given.declared.flatMap((variable) => (variable.kind === 'query' ? [variable.connection] : []));
  const known =
    names.length === 0
      ? []
      : await db
          .selectFrom('connection')
          .select(['id', 'name', 'plugin', 'group_id'])
          .where('workspace_id', '=', principal.workspaceId)
          .where(visibleTo(principal, 'group_id'))
          .where((is) => is.or([is('id', 'in', names), is('name', 'in', names)]))
          .execute();
  const errors: FieldProblem[] = [];
  const declared: Variable[] = [];
  for (const [index, variable] of given.declared.entries()) {
    if (variable.kind !== 'query') {
      declared.push(variable);
      continue;
    }
    const { connection: name } = variable;
    const found = known.find(({ id }) => id === name) ?? known.find((other) => other.name === name);
    const plugin = catalog.find((member) => member.kind === 'input' && member.name === found?.plugin);
    const problem =
      found === undefined
        ? `there is no such connection: ${JSON.stringify(name)}`
        : plugin === undefined || !(await takesQuery(plugin))
          ? `the connection "${found.name}" is one of ${found.plugin}, which takes no queries`
          : undefined;
    if (problem !== undefined) {
      errors.push({ in: 'body', path: ['variables', index, 'connection'], message: problem });
    }
    declared.push({ ...variable, connection: found?.id ?? name });
  }
  const checked = await checkVariables(config, declared, catalog);
  errors.push(...checked.errors);
  if (errors.length > 0) throw invalid(errors);
  for (const { id, group_id: groupId } of known) {
    if (declared.some((variable) => variable.kind === 'query' && variable.connection === id)) {
      await assertRole(db, principal, { role: 'operator', groupId });
    }
  }
  return { kept: { declared, places: checked.places }, connectionIds: queriedConnections(declared) };
}

/** Ids of the connections whose databases are asked. */
export function queriedConnections(declared: readonly Variable[]): string[] {
  return [...new Set(declared.flatMap((variable) => (variable.kind === 'query' ? [variable.connection] : [])))].sort();
}

/** When the last run that succeeded began, by definition; those that never did are left out. */
export async function lastSuccesses(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, Timestamp>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{ id: string; at: string | null }>`
    select d.id, greatest(d.succeeded_before, (
      select max(r.started_at) from run r
      where r.definition_id = d.id and r.state = 'SUCCEEDED' and r.kind = 'transfer')) as at
    from definition d where d.id = any(${[...ids]}::text[])`.execute(db);
  return new Map(rows.flatMap(({ id, at }) => (at === null ? [] : [[id, timestampOf(at)] as const])));
}

export function needsLastSuccess({ declared }: KeptVariables): boolean {
  return declared.some(({ kind }) => kind === 'last_success');
}

export interface ResolveRequest {
  readonly definitionId: string | null;
  /** ISO text in UTC: the instant that the run is about. */
  readonly at: string;
  readonly given: Readonly<Record<string, string>>;
}

/** For one run; nothing when nothing is declared. */
export async function resolvedFor(
  db: Db,
  kept: KeptVariables,
  { definitionId, at, given }: ResolveRequest,
): Promise<ResolvedVariables> {
  const isAsked = definitionId !== null && needsLastSuccess(kept);
  const lastSuccess = isAsked ? (await lastSuccesses(db, [definitionId])).get(definitionId) : undefined;
  return resolveVariables(kept, { at: timestampOf(at), given, lastSuccess });
}

/** Refuses what a run cannot be created with. */
export function assertResolved({ problems }: ResolvedVariables): void {
  if (problems.length === 0) return;
  throw invalid(problems.map(({ name, message }) => ({ in: 'body', path: ['values', name], message })));
}
