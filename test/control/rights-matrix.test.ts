/**
 * Every endpoint, asked by everybody about everything: what the answer must be follows from the role that the endpoint
 * declares, by a rule that is written here a second time. Requests go through the real app to real rows. An endpoint
 * that is added needs a line in `rights-cases.ts`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contract } from '#api/contract.ts';
import type { EndpointId } from '#api/contract.ts';
import { fullPath } from '#api/endpoint.ts';
import type { Endpoint } from '#api/endpoint.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { rightsCases } from './rights-cases.ts';
import type { RightsCase } from './rights-cases.ts';
import { makeWorld } from './rights-world.ts';
import type { Person, Target, World } from './rights-world.ts';

type Asked = Endpoint & { readonly id: EndpointId };

/** `served`: let through to what the endpoint does, whatever that says of the version or the state. */
type Outcome = 'served' | 'unauthenticated' | 'refused' | 'hidden' | 'no such group';

const ranks = { none: 0, viewer: 1, operator: 2, editor: 3, administrator: 4 } as const;

/** The rule, once more: from what the person was given and what the endpoint asks for. */
function expected(endpoint: Asked, person: Person, target: Target): Outcome {
  const { rights } = endpoint;
  const { always = 'served' } = rightsCases[endpoint.id];
  if (rights === 'public') return always;
  if (person.token === undefined) return 'unauthenticated';
  if (rights === 'known') return 'served';
  if (rights === 'person') return person.isPerson ? always : 'refused';
  if (rights.in === 'group') return expectedInGroup(endpoint, { needed: ranks[rights.role], person, target });
  const may = {
    installation: person.administersInstallation,
    workspace: ranks[person.role ?? 'none'] >= neededRank(rights.role),
    team: person.role === 'administrator' || (person.administersTeam && target.place === 'own group'),
  };
  if (!may[rights.in]) return 'refused';
  // What the path names is of the workspace, unless it is of the installation.
  const { names, params } = rightsCases[endpoint.id];
  return params === undefined || names === 'installation' || isAtHome(person, target) ? 'served' : 'hidden';
}

function isAtHome(person: Person, target: Target): boolean {
  return person.workspace === (target.place === 'other workspace' ? 'other' : 'own');
}

function rankAt(person: Person, target: Target): number {
  const inGroup = target.place === 'own group' ? ranks[person.inOwnGroup ?? 'none'] : 0;
  return Math.max(ranks[person.role ?? 'none'], inGroup);
}

function expectedInGroup(
  endpoint: Asked,
  { needed, person, target }: { needed: number; person: Person; target: Target },
): Outcome {
  const { isCreation = false, params } = rightsCases[endpoint.id];
  const rank = rankAt(person, target);
  if (isCreation) return expectedCreation({ rank, needed, isOwn: isAtHome(person, target), target });
  // A list is shown to everybody; what is in it is looked at apart.
  if (params === undefined) return 'served';
  const isGroup = endpoint.tag === 'groups' || endpoint.tag === 'grants';
  if (!isAtHome(person, target) || (isGroup && target.groupId === null)) return 'hidden';
  if (rank < (endpoint.tag === 'tokens' ? ranks.administrator : ranks.viewer)) return 'hidden';
  return rank >= needed ? 'served' : 'refused';
}

function neededRank(role: keyof typeof ranks | 'member'): number {
  return role === 'member' ? 0 : ranks[role];
}

function expectedCreation(given: { rank: number; needed: number; isOwn: boolean; target: Target }): Outcome {
  const { rank, needed, isOwn, target } = given;
  if (target.groupId === null) return rank >= needed ? 'served' : 'refused';
  if (rank === 0) return 'no such group';
  if (rank < needed) return 'refused';
  return isOwn ? 'served' : 'no such group';
}

/** One of the outcomes, or what else it was. */
async function outcomeOf(response: Response, saysLater?: string): Promise<string> {
  const { status } = response;
  if (status === 401) return 'unauthenticated';
  if (status === 403) return 'refused';
  if (status === 404) return 'hidden';
  if (status >= 500) return `${status}: ${await response.text()}`;
  if (status !== 422) return 'served';
  const text = await response.text();
  if (saysLater !== undefined && text.includes(saysLater)) return 'served';
  return text.includes('there is no such group') ? 'no such group' : `422: ${text}`;
}

describe('rights', () => {
  let api: ControlApi;
  let world: World;
  let count = 0;
  beforeAll(async () => {
    api = await controlApi();
    world = await makeWorld(api);
  });
  afterAll(async () => {
    process.stdout.write(`rights matrix: ${count} cases\n`);
    await api[Symbol.asyncDispose]();
  });

  it.each(contract.map((endpoint): [EndpointId, Asked] => [endpoint.id, endpoint]))('of %s', async (id, endpoint) => {
    // The type asks for a case of each; a case without what the path needs is caught here.
    const asked: RightsCase | undefined = rightsCases[id];
    expect(asked, `${id} has a case in rights-cases.ts`).toBeDefined();
    expect(Object.keys(asked.params?.(world.targets[0] as Target) ?? {}).sort()).toEqual(
      Object.keys(endpoint.params.shape).sort(),
    );
    const wrong: string[] = [];
    for (const target of hasTargets(asked) ? world.targets : world.targets.slice(0, 1)) {
      const each = (person: Person): Promise<string[]> => tryOne(endpoint, { asked, person, target });
      // One by one only where a request takes away what the next one needs.
      if (asked.restore === undefined) wrong.push(...(await Promise.all(world.people.map(each))).flat());
      else for (const person of world.people) wrong.push(...(await each(person)));
    }
    expect(wrong).toEqual([]);
  });

  /** What is not as it has to be. */
  async function tryOne(
    endpoint: Asked,
    { asked, person, target }: { asked: RightsCase; person: Person; target: Target },
  ): Promise<string[]> {
    if (asked.isOfWorkspace === true && target.groupId === null && !isAtHome(person, target)) return [];
    count += 1;
    await asked.restore?.(api.store.db, target);
    const response = await ask(api, endpoint, { asked, person, target });
    const want = expected(endpoint, person, target);
    const got = await outcomeOf(response, asked.saysLater);
    const wrong = got === want ? [] : [`${person.title}, ${target.place}: ${got} instead of ${want}`];
    if (got === 'served' && response.ok && asked.listed !== undefined) {
      wrong.push(...(await wronglyListed(response, { endpoint, person, listed: asked.listed })));
    }
    if (!response.bodyUsed) await response.body?.cancel();
    return wrong;
  }

  it('refuses with the role that is missing, and who can give it', async () => {
    const operator = world.people.find(({ title }) => title === 'group operator');
    const [target] = world.targets;
    const response = await api.request(`/api/v1/transfers/${target?.transfer}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${operator?.token}` },
    });
    expect(await response.json()).toMatchObject({
      status: 403,
      code: 'ROLE_MISSING',
      detail: 'This needs the role editor in the group "own group"; you have operator.',
      missingRole: { role: 'editor', in: 'group', name: 'own group', own: 'operator' },
    });
  });

  /** Of the fixtures, those are shown that the person may see, and no others. */
  async function wronglyListed(
    response: Response,
    { endpoint, person, listed }: { endpoint: Asked; person: Person; listed: (target: Target) => string },
  ): Promise<string[]> {
    const { items, next } = (await response.json()) as { items: { id: string }[]; next?: string };
    expect(next, 'one page holds all').toBeUndefined();
    const shown = new Set(items.map(({ id }) => id));
    const { rights } = endpoint;
    const needed = typeof rights === 'string' ? 0 : neededRank(rights.role);
    return world.targets.flatMap((target) => {
      const id = listed(target);
      if (id === '') return [];
      const isSeen = isAtHome(person, target) && rankAt(person, target) >= needed;
      return shown.has(id) === isSeen ? [] : [`${person.title} ${isSeen ? 'does not see' : 'sees'} ${target.place}`];
    });
  }
});

/** Without a resource in the path or a group in the body it is the same for all. */
function hasTargets({ params, isCreation = false }: RightsCase): boolean {
  return params !== undefined || isCreation;
}

async function ask(
  api: ControlApi,
  endpoint: Asked,
  { asked, person, target }: { asked: RightsCase; person: Person; target: Target },
): Promise<Response> {
  const params = asked.params?.(target) ?? {};
  const path = fullPath(endpoint).replace(/:(\w+)/g, (_, name: string) => String(params[name]));
  const query = new URLSearchParams({ ...('limit' in endpoint.query.shape ? { limit: '200' } : {}), ...asked.query });
  const body = asked.body?.(target);
  const headers: Record<string, string> = {
    // Of no version: whoever may change it is told that it was changed meanwhile, and it stays.
    ...(endpoint.method === 'PATCH' || endpoint.method === 'DELETE' || endpoint.needsMatch
      ? { 'if-match': '"999"' }
      : {}),
    ...(person.token === undefined ? {} : { authorization: `Bearer ${person.token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const init = { method: endpoint.method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  return api.request(`${path}?${query.toString()}`, init);
}
