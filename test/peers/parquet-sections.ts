/** How systems of files keep records of all types. */
import type { Column } from '#spi/schema.ts';
import type { Section } from './peer.ts';

export const parquetOut: Section = { formatter: { type: 'parquet' } };

export function parquetIn(columns: readonly Column[]): Section {
  return { parser: { type: 'parquet', columns: columns.map(({ name, type }) => ({ name, type })) } };
}
