/** Names in configs and in databases: written alike, or differing in upper and lower case. */

/** The error for a name that may mean several. */
export type Ambiguous = (candidates: readonly string[]) => Error;

/** The name that is meant: the exact one, else the only one that differs in upper and lower case alone. */
export function matchName(name: string, names: readonly string[], ambiguous: Ambiguous): string | undefined {
  if (names.includes(name)) return name;
  const lower = name.toLowerCase();
  const similar = names.filter((other) => other.toLowerCase() === lower);
  if (similar.length > 1) throw ambiguous(similar);
  return similar[0];
}
