/** Names in configs and in databases: written alike, or differing in upper and lower case. */

/** The error for a name that may mean several. */
export type Ambiguous = (candidates: readonly string[]) => Error;

/**
 * The name of a table as the database has it: the exact one, else that in upper case, else that in lower case;
 * undefined when there is none.
 */
export function matchTable(
  table: string,
  names: readonly (string | null | undefined)[],
  ambiguous: Ambiguous,
): string | undefined {
  const upper = table.toUpperCase();
  const lower = table.toLowerCase();
  if (names.includes(table)) return table;
  if (names.includes(upper) && names.includes(lower)) throw ambiguous([upper, lower]);
  return names.includes(upper) ? upper : names.includes(lower) ? lower : undefined;
}

/** The name that is meant: the exact one, else the only one that differs in upper and lower case alone. */
export function matchName(name: string, names: readonly string[], ambiguous: Ambiguous): string | undefined {
  if (names.includes(name)) return name;
  const lower = name.toLowerCase();
  const similar = names.filter((other) => other.toLowerCase() === lower);
  if (similar.length > 1) throw ambiguous(similar);
  return similar[0];
}
