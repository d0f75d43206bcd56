/** Replaces characters of sensitive values by asterisks. */
import { isNull, stringAt } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { Filter } from '#spi/records.ts';
import { replaceColumns } from '#spi/replace-columns.ts';
import type { ColumnStep } from '#spi/replace-columns.ts';
import { columnIndex } from '#spi/schema.ts';
import type { Schema } from '#spi/schema.ts';
import { VectorBuilder } from '#spi/vector-builder.ts';
import { castTo } from '#codec/cells/cast.ts';
import type { Cast } from '#codec/cells/cast.ts';
import { writeCellText } from '#codec/cells/cell-text.ts';
import { castJson, JsonCells } from '#codec/cells/json-cells.ts';
import { isJsonText } from '#codec/cells/scalar.ts';
import { parseJsonPath } from '#codec/json/path.ts';
import { instantFormatter } from '#codec/time/instant-text.ts';
import { timestampParser } from '#codec/time/timestamp-parser.ts';
import type { MaskConfig } from './config.ts';
import { maskErrors } from './errors.ts';
import { maskOf } from './masks.ts';
import type { Mask } from './masks.ts';

type Path = readonly (string | number)[];

export const mask: Filter<MaskConfig> = {
  isRowwise: true,

  open(config, input, ctx) {
    const steps = config.columns.flatMap((column, position): ColumnStep[] => {
      const index = columnIndex(input, column.name);
      if (index >= 0) return stepsOf(column, index, input, ['columns', position]);
      // Once, when the run is planned; tasks have a number.
      if (!('taskIndex' in ctx)) ctx.log.warn('There is no such column to mask.', { column: column.name });
      return [];
    });
    return replaceColumns(input, steps);
  },
};

function stepsOf(column: MaskConfig['columns'][number], index: number, input: Schema, path: Path): ColumnStep[] {
  const { name, paths } = column;
  const isJson = input.columns[index]?.type === 'json';
  if (!isJson && paths !== undefined) refuse(name, '`paths` are for json columns', [...path, 'paths']);
  if (!isJson) return [{ index, type: 'string', apply: watched(maskOf(column, path), textMasker) }];
  if (paths === undefined) return refuse(name, 'it is json and needs `paths`', [...path, 'name']);
  return paths.map((rule, position) => {
    const place = [...path, 'paths', position];
    return {
      index,
      type: 'json',
      apply: watched(maskOf(rule, place), (mask) => jsonMasker(name, rule.key, mask, [...place, 'key'])),
    };
  });
}

function watched(by: Mask, makeMasker: (mask: Mask['apply']) => ColumnStep['apply']): ColumnStep['apply'] {
  const masker = makeMasker(by.apply);
  const { watch } = by;
  if (watch === undefined) return masker;
  return (vector, rowCount, faults) => watch.run(() => masker(vector, rowCount, faults));
}

function refuse(name: string, reason: string, path: Path): never {
  throw maskErrors.error('MASK_COLUMN', { name, reason }, { where: { path } });
}

function textMasker(masked: Mask['apply']): ColumnStep['apply'] {
  const builder = new VectorBuilder('string');
  const formatter = instantFormatter();
  const scratch = new ByteSink(256);
  return (vector, rowCount) => {
    builder.begin(rowCount);
    for (let row = 0; row < rowCount; row++) {
      if (isNull(vector, row)) continue;
      if (vector.type === 'string') {
        builder.setString(row, masked(stringAt(vector, row)));
        continue;
      }
      scratch.clear();
      writeCellText(scratch, vector, row, formatter);
      builder.setString(row, masked(Buffer.from(scratch.view()).toString('latin1')));
    }
    return builder.take();
  };
}

function jsonMasker(name: string, key: string, masked: Mask['apply'], path: Path): ColumnStep['apply'] {
  const parsed = parseJsonPath(key);
  if (typeof parsed === 'string') return refuse(name, `${key}: ${parsed}`, path);
  const toText = castTo('string', {
    formatter: instantFormatter(),
    parser: timestampParser('%s', { timezone: 'UTC', date: '1970-01-01' }),
  });
  const cast: Cast = (value) => {
    const text = typeof value === 'object' && isJsonText(value) ? value.json : toText(value);
    return typeof text === 'string' ? masked(text) : undefined;
  };
  const cells = new JsonCells(parsed.steps);
  // Every value has a text.
  const edit = castJson(cast, () => {});
  return (vector, rowCount) => cells.rewrite(vector, rowCount, edit);
}
