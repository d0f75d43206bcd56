/** Columns of a config as the codec wants them, for both JSON parsers. */
import type { Schema } from '#spi/schema.ts';
import { jsonErrors } from '#codec/json/errors.ts';
import { jsonPointer } from '#codec/json/navigate.ts';
import type { JsonColumn } from '#codec/json/record-columns.ts';
import { columnTimestampParser } from '#codec/time/column-parser.ts';
import type { TimestampDefaults } from '#codec/time/column-parser.ts';
import type { JsonColumnConfig } from './config.ts';

/** Without columns in the config the record itself is the only column. */
export const recordSchema: Schema = { columns: [{ name: 'record', type: 'json' }] };

export function schemaOf(columns: readonly JsonColumnConfig[]): Schema {
  return {
    columns: columns.map(({ name, type, format }) => ({ name, type, ...(format === undefined ? {} : { format }) })),
  };
}

export function jsonColumnsOf(
  columns: readonly JsonColumnConfig[],
  defaults: TimestampDefaults,
): readonly JsonColumn[] {
  return columns.map((column, index): JsonColumn => {
    const { name, type, element_at: elementAt } = column;
    const pointer = elementAt === undefined ? undefined : pointerOf(elementAt, ['columns', index, 'element_at']);
    const parser = type === 'timestamp' ? columnTimestampParser(column, defaults, index) : undefined;
    return { name, type, ...(pointer === undefined ? {} : { pointer }), ...(parser === undefined ? {} : { parser }) };
  });
}

/** An empty pointer finds nothing, as in the original. */
export function pointerOf(text: string, path: readonly (string | number)[]): JsonColumn['pointer'] & object {
  if (text === '') return { find: () => undefined };
  const pointer = jsonPointer(text);
  if (pointer !== undefined) return pointer;
  const params = {
    option: path.join('.'),
    reason: `'${text}' is no JSON pointer`,
    advice: 'Begin it with a slash: /a/b/0.',
  };
  throw jsonErrors.error('JSON_OPTION', params, { where: { path } });
}
