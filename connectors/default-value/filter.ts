/** Puts values where there are none. */
import { isNull, textLength } from '#spi/batch.ts';
import type { Timestamp } from '#spi/batch.ts';
import type { Filter } from '#spi/records.ts';
import { replaceColumns } from '#spi/replace-columns.ts';
import type { ColumnStep } from '#spi/replace-columns.ts';
import { columnIndex } from '#spi/schema.ts';
import type { ColumnType, Schema } from '#spi/schema.ts';
import { filledColumn, scalarOfText, scalarWords } from '#codec/cells/fixed-value.ts';
import type { IsMissing } from '#codec/cells/fixed-value.ts';
import { shownText } from '#codec/cells/scalar.ts';
import type { Scalar } from '#codec/cells/scalar.ts';
import { columnTimestampParser } from '#codec/time/column-parser.ts';
import type { DefaultEntry, DefaultValueConfig } from './config.ts';
import { defaultValueErrors } from './errors.ts';

type List = 'columns' | 'types';

export const defaultValue: Filter<DefaultValueConfig> = {
  isRowwise: true,

  open(config, input) {
    // The first entry of a column counts, and those by name come first.
    const steps = new Map<number, ColumnStep>();
    for (const [position, entry] of config.columns.entries()) {
      const index = columnIndex(input, entry.name);
      const type = input.columns[index]?.type ?? refuse(entry.name, position, input);
      const value = valueOf(entry, type, config, ['columns', position]);
      if (!steps.has(index)) steps.set(index, step(index, type, value, config));
    }
    for (const [position, entry] of config.types.entries()) {
      const value = valueOf(entry, entry.type, config, ['types', position]);
      for (const [index, { type }] of input.columns.entries()) {
        if (type === entry.type && !steps.has(index)) steps.set(index, step(index, type, value, config));
      }
    }
    return replaceColumns(input, [...steps.values()]);
  },
};

function refuse(name: string, position: number, input: Schema): never {
  const known = input.columns.map((column) => column.name).join(', ');
  const where = { path: ['columns', position, 'name'] };
  throw defaultValueErrors.error('DEFAULT_VALUE_COLUMN', { name, known }, { where });
}

function step(index: number, type: ColumnType, value: Scalar, config: DefaultValueConfig): ColumnStep {
  const isMissing = type === 'string' && config.replace_empty_strings ? isNullOrEmpty : isNull;
  return { index, type, apply: filledColumn(type, value, isMissing) };
}

const isNullOrEmpty: IsMissing = (vector, row) => isNull(vector, row) || textLength(vector, row) === 0;

function valueOf(
  entry: DefaultEntry,
  type: ColumnType,
  config: DefaultValueConfig,
  [list, position]: readonly [List, number],
): Scalar {
  const readTimestamp = (): Timestamp | undefined =>
    columnTimestampParser(entry, { ...config, default_date: '1970-01-01' }, position, list).parse(entry.value);
  const value = scalarOfText(entry.value, type, readTimestamp);
  if (value !== undefined) return value;
  const params = { value: shownText(entry.value), expected: scalarWords[type] };
  throw defaultValueErrors.error('DEFAULT_VALUE_TEXT', params, { where: { path: [list, position, 'value'] } });
}
