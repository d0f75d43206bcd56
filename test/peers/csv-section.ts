/** How systems that are only read give their records. */
import type { Column } from '#spi/schema.ts';
import type { Section } from './peer.ts';

export function csvIn(columns: readonly Column[]): Section {
  const list = columns.map(({ name, type }) => ({ name, type }));
  return { parser: { type: 'csv', skip_header_lines: 1, columns: list } };
}
