/** Names and values as parts of SQL. */

export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

export function quoteTable(database: string, table: string): string {
  return `${quoteName(database)}.${quoteName(table)}`;
}

/** A text as a literal, whatever NO_BACKSLASH_ESCAPES says. */
export function quoteText(text: string): string {
  if (text.includes('\\')) return `CONVERT(0x${Buffer.from(text, 'utf8').toString('hex')} USING utf8mb4)`;
  return `'${text.replaceAll("'", "''")}'`;
}

/** Characters of an identifier at most. */
export const NAME_LENGTH_MAX = 64;
