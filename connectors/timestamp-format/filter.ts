/** Brings times into other formats, zones, units and types; in columns, and inside json columns. */
import { isNull, valueAt } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import type { Filter, FilterFaults } from '#spi/records.ts';
import { columnIndex } from '#spi/schema.ts';
import type { Column, ColumnType, Schema } from '#spi/schema.ts';
import { VectorBuilder } from '#spi/vector-builder.ts';
import { castJson, columnStep, JsonCells } from '#codec/cells/json-cells.ts';
import { isJsonText, isTimestamp, setScalar, shownText } from '#codec/cells/scalar.ts';
import type { Scalar } from '#codec/cells/scalar.ts';
import { isJsonPath } from '#codec/json/path.ts';
import type { TimestampFormatColumn, TimestampFormatConfig } from './config.ts';
import { conversionOf } from './conversion.ts';
import type { Conversion } from './conversion.ts';
import { timestampFormatErrors } from './errors.ts';

/** What makes a new vector of one column. */
interface Step {
  readonly index: number;
  readonly type: ColumnType;
  readonly apply: (vector: Vector, rowCount: number, faults: FilterFaults) => Vector;
}

export const timestampFormat: Filter<TimestampFormatConfig> = {
  isRowwise: true,

  open(config, input) {
    const steps = config.columns.map((column, position) =>
      isJsonPath(column.name) ? pathStep(config, position, input) : wholeStep(config, position, input),
    );
    const types = new Map(steps.map(({ index, type }) => [index, type]));
    const schema: Schema = { columns: input.columns.map((column, index) => retyped(column, types.get(index))) };
    return {
      schema,
      apply(batch, faults) {
        const vectors = [...batch.vectors];
        // Every step's index is one of the schema's.
        for (const { index, apply } of steps) vectors[index] = apply(vectors[index] as Vector, batch.rowCount, faults);
        return { schema, rowCount: batch.rowCount, vectors };
      },
    };
  },
};

/** A column of another type has not the format that its texts were read with. */
function retyped(column: Column, type: ColumnType | undefined): Column {
  return type === undefined || type === column.type ? column : { name: column.name, type };
}

function refuse(config: TimestampFormatConfig, position: number, input: Schema, reason: string): never {
  const known = input.columns.map(({ name, type }) => `${name} (${type})`).join(', ');
  const params = { name: config.columns[position]?.name ?? '', reason, known };
  throw timestampFormatErrors.error('TIMESTAMP_FORMAT_COLUMN', params, {
    where: { path: ['columns', position, 'name'] },
  });
}

function wholeStep(config: TimestampFormatConfig, position: number, input: Schema): Step {
  const { name, type } = config.columns[position] as TimestampFormatColumn; // the caller's own index
  const index = columnIndex(input, name);
  const from = input.columns[index]?.type;
  if (from === undefined) return refuse(config, position, input, 'there is no such column');
  if (from === 'boolean') return refuse(config, position, input, 'booleans are not times');
  if (from === 'json') return refuse(config, position, input, 'json columns need a path to the value: $.column.name');
  if (config.columns.some((other, at) => at < position && other.name === name)) {
    return refuse(config, position, input, 'it is named twice');
  }
  const conversion = conversionOf(config, position);
  const builder = new VectorBuilder(type);
  const fault = faultMaker(config, name, conversion);
  return {
    index,
    type,
    apply(vector, rowCount, faults) {
      builder.begin(rowCount);
      for (let row = 0; row < rowCount; row++) {
        if (isNull(vector, row)) continue;
        // Neither null nor json.
        const value = valueAt(vector, row) as Scalar;
        const result = conversion.convert(value);
        if (result !== undefined) setScalar(builder, row, result);
        else fault(value, faults);
      }
      return builder.take();
    },
  };
}

function pathStep(config: TimestampFormatConfig, position: number, input: Schema): Step {
  const { name, type } = config.columns[position] as TimestampFormatColumn; // the caller's own index
  const found = columnStep(name, input);
  if (typeof found === 'string') return refuse(config, position, input, found);
  if (type === 'timestamp') return refuse(config, position, input, 'JSON has no timestamps');
  const conversion = conversionOf(config, position);
  const fault = faultMaker(config, name, conversion);
  const cells = new JsonCells(found.steps);
  // Booleans, objects and arrays stay.
  const convert = (value: Scalar): Scalar | undefined =>
    typeof value === 'boolean' || (typeof value === 'object' && isJsonText(value)) ? value : conversion.convert(value);
  return {
    index: found.index,
    type: 'json',
    apply: (vector, rowCount, faults) =>
      cells.rewrite(
        vector,
        rowCount,
        castJson(convert, (value) => fault(value, faults)),
      ),
  };
}

/** Tells of a value that is not a time, or throws when the run is to stop. */
function faultMaker(
  config: TimestampFormatConfig,
  field: string,
  conversion: Conversion,
): (value: Scalar, faults: FilterFaults) => void {
  const where = { field };
  const reason = (value: Scalar): ReturnType<typeof timestampFormatErrors.error> => {
    const params = { value: shown(value), expected: conversion.expected(value) };
    return timestampFormatErrors.error('TIMESTAMP_FORMAT_VALUE', params, { where });
  };
  return (value, faults) => {
    if (config.stop_on_invalid_record) throw reason(value);
    faults.nullCell(() => ({ reason: reason(value), where }));
  };
}

function shown(value: Scalar): string {
  if (typeof value === 'string') return shownText(value);
  if (typeof value !== 'object') return String(value);
  return isTimestamp(value) ? `${value.seconds} seconds since 1970` : shownText(value.json);
}
