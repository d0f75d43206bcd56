/** Columns of a file in words. */
import type { ColumnType } from '#spi/schema.ts';
import type { Node } from './client.ts';

/** As the format calls its type. */
export function titleOf({ shape, isRepeated }: Node): string {
  if (isRepeated) return 'a repeated column';
  return shape.kind === 'scalar' ? shape.scalar.title : `a ${shape.kind}`;
}

export function naturalTypeOf({ shape, isRepeated }: Node): ColumnType {
  return shape.kind === 'scalar' && !isRepeated ? shape.scalar.natural : 'json';
}

/** Columns of a message at most: whoever has more looks into the file. */
const COLUMNS_SHOWN_MAX = 200;

/** What a person would write into the config, in one line. */
export function columnsAsYaml(nodes: readonly Node[]): string {
  const entries = nodes
    .slice(0, COLUMNS_SHOWN_MAX)
    .map((node) => `{name: ${JSON.stringify(node.name)}, type: ${naturalTypeOf(node)}}`);
  return `[${entries.join(', ')}${nodes.length > COLUMNS_SHOWN_MAX ? ', …' : ''}]`;
}
