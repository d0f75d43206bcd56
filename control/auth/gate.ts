/** Stands before each handler: a request goes on when its rights are there, and is refused otherwise. */
import { z } from 'zod';
import { contract } from '#api/contract.ts';
import type { EndpointId } from '#api/contract.ts';
import type { Endpoint, Role } from '#api/endpoint.ts';
import type { CheckedRequest } from '#control/http/checked-request.ts';
import { httpErrors } from '#control/http/errors.ts';
import type { Principal } from '#control/http/handler.ts';
import { Refusal, invalid, unknown } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import { assert } from '#spi/assert.ts';
import { findResource, finderOf, namesResource, rightsOf } from './resource-group.ts';
import type { Resource } from './resource-group.ts';
import { decide, decideTarget, holds } from './rights.ts';
import type { Place, Verdict } from './rights.ts';
import { roleMissing } from './role-missing.ts';

/**
 * Changes of many things at once, which name them in their bodies: their handlers pass over what may not be changed.
 * And rules of notices, whose bodies may name a transfer: the handler looks at its group.
 */
const filteredByHandler: readonly EndpointId[] = [
  'runs.cancelMany',
  'transfers.bulk',
  'schedules.create',
  'schedules.createMany',
  'schedules.switch',
  'schedules.deleteMany',
  'noticeRules.create',
];

type Db = Store['db'];
type Asked = Pick<CheckedRequest, 'params' | 'body'>;

export class Gate {
  readonly #db: Db;

  constructor({ db }: Pick<Store, 'db'>) {
    this.#db = db;
    for (const endpoint of contract) assert(isDecidable(endpoint), `the rights of ${endpoint.id} can be decided`);
  }

  /** Returns the resource, when it had to be looked at; throws when the request may not go on. */
  async admit(endpoint: Endpoint, asked: Asked, principal: Principal): Promise<Resource | undefined> {
    const rights = rightsOf(endpoint, asked.params);
    const role = typeof rights !== 'string' && rights.in === 'group' ? rights.role : undefined;
    const finder = finderOf(endpoint);
    const { workspaceId } = principal;
    // A role in the whole workspace needs no look at the group: what is not there the handler will not find.
    const isCertain = role !== undefined && holds(principal.role, role) && endpoint.repeat === 'safe';
    if (isCertain) return undefined;
    const resource =
      finder === undefined ? undefined : await findResource(this.#db, finder, { params: asked.params, workspaceId });
    const isCreation = finder === undefined && hasGroup(asked.body);
    if (!isCreation)
      await this.#obey(decide(rights, principal, placeOf(endpoint, asked, resource)), principal, resource);
    if (role !== undefined) await this.#admitTarget(role, { asked, principal, resource });
    return resource;
  }

  /** Where it is to be: the role must be there, too. */
  async #admitTarget(
    role: Role,
    { asked, principal, resource }: { asked: Asked; principal: Principal; resource: Resource | undefined },
  ): Promise<void> {
    if (!hasGroup(asked.body)) return;
    const { groupId } = asked.body;
    if (groupId === undefined || (resource !== undefined && resource.groupId === groupId)) return;
    const verdict = decideTarget(groupId, role, principal);
    if (verdict === 'hidden') {
      throw invalid([{ in: 'body', path: ['groupId'], message: `there is no such group: ${groupId}` }]);
    }
    await this.#obey(verdict, principal, resource);
  }

  async #obey(verdict: Verdict, principal: Principal, resource: Resource | undefined): Promise<void> {
    if (verdict === 'granted') return;
    if (verdict === 'person') throw new Refusal(httpErrors.error('PERSON_NEEDED'), 403);
    if (verdict === 'hidden') throw unknown(resource?.kind ?? 'resource', resource?.id ?? '');
    throw await roleMissing(this.#db, principal, verdict);
  }
}

/** An endpoint of a group must say which one: by a resource in its path, or in its body. A list needs none. */
function isDecidable(endpoint: Endpoint & { readonly id: EndpointId }): boolean {
  const { rights, repeat, body } = endpoint;
  if (typeof rights === 'string' || rights.in === 'workspace' || rights.in === 'installation') return true;
  if (rights.in === 'team') return 'id' in endpoint.params.shape;
  if (namesResource(endpoint)) return finderOf(endpoint) !== undefined;
  const saysGroup = body instanceof z.ZodObject && 'groupId' in body.shape;
  return repeat === 'safe' || saysGroup || filteredByHandler.includes(endpoint.id);
}

interface WithGroup {
  readonly groupId: string | null | undefined;
}

/** Bodies of creations, moves and trials say in which group; they have been checked. */
function hasGroup(body: unknown): body is WithGroup {
  return typeof body === 'object' && body !== null && 'groupId' in body;
}

function placeOf(endpoint: Endpoint, { params }: Asked, resource: Resource | undefined): Place | undefined {
  const isOfTeam = typeof endpoint.rights !== 'string' && endpoint.rights.in === 'team';
  return isOfTeam ? { groupId: null, teamId: String(params['id']) } : resource;
}
