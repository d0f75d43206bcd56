/**
 * Writes what is done: a row before, and how it ended after. So a change without a row is impossible; a row without an
 * end says that the process died, or the database went away, in between. Names of fields are kept, values never.
 */
import { sql } from 'kysely';
import type { Endpoint } from '#api/endpoint.ts';
import type { Resource } from '#control/auth/resource-group.ts';
import type { CheckedRequest } from '#control/http/checked-request.ts';
import type { Principal } from '#control/http/handler.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';

export interface AuditEntry {
  readonly principal: Pick<Principal, 'workspaceId' | 'actor' | 'userId' | 'tokenId'>;
  readonly action: string;
  readonly resource?: Partial<Pick<Resource, 'kind' | 'id' | 'name' | 'groupId'>>;
  readonly fields?: readonly string[];
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly requestId?: string;
}

export interface AuditEnd {
  readonly outcome: 'succeeded' | 'refused' | 'failed';
  readonly code?: string | undefined;
  /** Of what was made. */
  readonly id?: string | undefined;
  readonly name?: string | undefined;
}

export class AuditLog {
  readonly #db: Store['db'];

  constructor({ db }: Pick<Store, 'db'>) {
    this.#db = db;
  }

  /** Returns its id, for the end. */
  begin(entry: AuditEntry): Promise<string> {
    return this.#write(entry, 'begun');
  }

  /** What is over when it is told. */
  async record(entry: AuditEntry, { outcome, code }: Pick<AuditEnd, 'outcome' | 'code'>): Promise<void> {
    await this.#write(entry, outcome, code);
  }

  async end(id: string, end: AuditEnd): Promise<void> {
    await sql`
      update audit_event set outcome = ${end.outcome}, code = ${end.code ?? null}, ended_at = dispatch.now(),
        resource_id = coalesce(resource_id, ${end.id ?? null}),
        resource_name = coalesce(resource_name, ${end.name ?? null}),
        detail = case when resource_id <> ${end.id ?? null}::text
          then detail || jsonb_build_object('madeId', ${end.id ?? null}::text) else detail end
      where id = ${id}`.execute(this.#db);
  }

  async #write(entry: AuditEntry, outcome: 'begun' | AuditEnd['outcome'], code?: string): Promise<string> {
    const { principal, resource } = entry;
    const id = newId();
    await this.#db
      .insertInto('audit_event')
      .values({
        id,
        workspace_id: principal.workspaceId === '' ? null : principal.workspaceId,
        actor: principal.actor,
        user_id: principal.userId,
        token_id: principal.tokenId,
        action: entry.action,
        resource_kind: resource?.kind ?? null,
        resource_id: resource?.id ?? null,
        resource_name: resource?.name ?? null,
        group_id: resource?.groupId ?? null,
        fields: json(entry.fields ?? []),
        outcome,
        code: code ?? null,
        detail: json(entry.detail ?? {}),
        request_id: entry.requestId ?? null,
        ended_at: outcome === 'begun' ? null : sql<string>`dispatch.now()`,
      })
      .execute();
    return id;
  }
}

/** Who changes something is written down; what is open to all writes its own events, or none. */
export function isAudited(endpoint: Pick<Endpoint, 'repeat' | 'rights'>): boolean {
  return endpoint.repeat !== 'safe' && endpoint.rights !== 'public';
}

/** Tags whose endpoints are about the installation: their events belong to no workspace. */
const ofInstallation: readonly Endpoint['tag'][] = ['users', 'workspaces'];

/** What a request is about, as an entry. */
export function entryOf(
  endpoint: Endpoint,
  { params, body }: Pick<CheckedRequest, 'params' | 'body'>,
  { principal, resource, requestId }: { principal: Principal; resource: Resource | undefined; requestId: string },
): AuditEntry {
  const { id: paramId, ...others } = params;
  const groupId = resource?.groupId ?? groupOf(body);
  // A person let into a workspace by those who manage the installation: its administrators shall see that.
  const isInside = endpoint.id === 'workspaces.putMember';
  const workspaceId = isInside ? String(paramId) : ofInstallation.includes(endpoint.tag) ? '' : principal.workspaceId;
  return {
    principal: { ...principal, workspaceId },
    action: endpoint.id,
    resource: {
      kind: resource?.kind ?? endpoint.tag.replace(/s$/, ''),
      ...(paramId === undefined ? {} : { id: String(paramId) }),
      name: resource?.name ?? null,
      groupId,
    },
    fields: fieldNames(body),
    detail: others,
    requestId,
  };
}

function groupOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('groupId' in body)) return null;
  return typeof body.groupId === 'string' ? body.groupId : null;
}

const FIELDS_MAX = 50;
const fieldPattern = /^[\w.-]{1,60}$/;
/** Objects whose members are fields of their own. */
const opened: readonly string[] = ['options', 'runOptions'];

/** Names that are no names of ours may be anything, even a secret: such a one is counted, not kept. */
function fieldNames(body: unknown): string[] {
  if (typeof body !== 'object' || body === null) return [];
  const names = Object.entries(body).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (!opened.includes(name) || typeof value !== 'object' || value === null) return [name];
    return Object.keys(value).map((inner) => `${name}.${fieldPattern.test(inner) ? inner : '?'}`);
  });
  return names.slice(0, FIELDS_MAX);
}

/** What an answer says of what was made or changed. */
export function namedIn(answer: unknown): Pick<AuditEnd, 'id' | 'name'> {
  if (typeof answer !== 'object' || answer === null) return {};
  return {
    id: 'id' in answer && typeof answer.id === 'string' ? answer.id : undefined,
    name: 'name' in answer && typeof answer.name === 'string' ? answer.name : undefined,
  };
}
