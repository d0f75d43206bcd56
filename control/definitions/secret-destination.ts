/**
 * Whoever may change where a connection leads may not see its secrets: so when it leads elsewhere, the secrets that
 * would be sent there are asked for again. Else anybody could have them sent to a server of their own.
 */
import type { FieldProblem } from '#api/problem.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { OptionsChange } from './connection-options.ts';

/** Options that say where something is sent, in whatever section they stand. */
const places: ReadonlySet<string> = new Set(['host', 'port', 'url', 'endpoint', 'command']);

/** What has to be given again, one problem for each secret. */
export function misdirected(
  before: { readonly plain: JsonObject; readonly secretsSet: readonly string[] },
  change: OptionsChange,
): readonly FieldProblem[] {
  const moved = movedPlaces(before.plain, change.plain);
  const kept = before.secretsSet.filter((name) => change.secretsSet.includes(name) && !change.set.has(name));
  return kept.flatMap((name) => {
    // A tunnel, or a proxy, gets to see what goes through it: what stands above its section too.
    const section = sectionOf(name);
    const place = moved.find((path) => section === '' || `${sectionOf(path)}.`.startsWith(`${section}.`));
    if (place === undefined) return [];
    const message = `it would be sent elsewhere than before: "${place}" has changed`;
    return [
      { in: 'body', path: ['options', ...name.split('.')], message, hint: 'Give it again, or null to remove it.' },
    ];
  });
}

function sectionOf(path: string): string {
  return path.split('.').slice(0, -1).join('.');
}

function movedPlaces(before: JsonObject, after: JsonObject): readonly string[] {
  const [old, now] = [placesOf(before, []), placesOf(after, [])];
  return [...new Set([...old.keys(), ...now.keys()])].filter((path) => old.get(path) !== now.get(path)).sort();
}

function placesOf(options: JsonObject, section: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(options)) {
    const path = [...section, name];
    if (places.has(name)) found.set(path.join('.'), placeOf(value));
    else if (isJsonObject(value)) for (const [inner, place] of placesOf(value, path)) found.set(inner, place);
  }
  return found;
}

/** Of an address the server: its path and its query are the server's affair. */
function placeOf(value: Json | undefined): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return URL.canParse(text) ? new URL(text).origin : text.toLowerCase();
}
