/** People name things by their names, the API by their ids: both are taken. */
import type { Client } from '#api/client.ts';
import { ID_PATTERN } from '#api/fields.ts';
import { cliErrors } from './errors.ts';

interface Named {
  readonly id: string;
  readonly name: string;
}

/** A name that so many others hold as a part of theirs is searched no further. */
const NAMES_MAX = 10_000;

const lists = {
  connection: (client: Client, q: string): AsyncIterable<Named> => client.items('connections.list', { query: { q } }),
  transfer: (client: Client, q: string): AsyncIterable<Named> => client.items('transfers.list', { query: { q } }),
  group: (client: Client, q: string): AsyncIterable<Named> => client.items('groups.list', { query: { q } }),
  team: (client: Client, q: string): AsyncIterable<Named> => client.items('teams.list', { query: { q } }),
  member: (client: Client, q: string): AsyncIterable<Named> => membersNamed(client, q),
  label: (client: Client, q: string): AsyncIterable<Named> => client.items('labels.list', { query: { q } }),
  destination: (client: Client, q: string): AsyncIterable<Named> => client.items('destinations.list', { query: { q } }),
  token: (client: Client): AsyncIterable<Named> => unrevoked(client),
} as const;

export type NamedKind = keyof typeof lists;

/** The id of what has the name; in other letters' case too, when that says which one. */
export async function idOf(client: Client, kind: NamedKind, nameOrId: string): Promise<string> {
  const wanted = nameOrId.trim();
  if (ID_PATTERN.test(wanted) || wanted === '') return wanted;
  const exact: Named[] = [];
  const similar: Named[] = [];
  let seen = 0;
  for await (const item of lists[kind](client, wanted)) {
    if (item.name === wanted) exact.push(item);
    else if (item.name.toLowerCase() === wanted.toLowerCase()) similar.push(item);
    seen += 1;
    if (seen >= NAMES_MAX) break;
  }
  const found = exact.length > 0 ? exact : similar;
  const [one, another] = found;
  if (one === undefined) throw cliErrors.error('NAME_UNKNOWN', { kind, name: wanted, command: listCommand(kind) });
  if (another === undefined) return one.id;
  throw cliErrors.error('NAME_AMBIGUOUS', { kind, name: wanted, ids: found.map(({ id }) => id).join(', ') });
}

/** People are known by their addresses, too. */
async function* membersNamed(client: Client, q: string): AsyncGenerator<Named> {
  for await (const { id, name, email } of client.items('members.list', { query: { q } })) {
    yield { id, name: q.includes('@') ? email : name };
  }
}

function listCommand(kind: NamedKind): string {
  return kind === 'destination' ? 'ropeway notices destinations' : `ropeway ${kind}s list`;
}

async function* unrevoked(client: Client): AsyncGenerator<Named> {
  for await (const token of client.items('tokens.list')) if (token.revokedAt === null) yield token;
}
