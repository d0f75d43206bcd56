/** Brings times into other formats, zones, units and types; in columns, and inside json columns. */
import { isNull, valueAt } from '#spi/batch.ts';
import type { RopewayError } from '#spi/errors.ts';
import type { Filter } from '#spi/records.ts';
import { replaceColumns } from '#spi/replace-columns.ts';
import type { ColumnStep } from '#spi/replace-columns.ts';
import { columnIndex } from '#spi/schema.ts';
import type { Schema } from '#spi/schema.ts';
import { VectorBuilder } from '#spi/vector-builder.ts';
import { castJson, columnStep, JsonCells } from '#codec/cells/json-cells.ts';
import { cellFault, shownScalar } from '#codec/cells/cell-fault.ts';
import { isJsonText, setScalar } from '#codec/cells/scalar.ts';
import type { Scalar } from '#codec/cells/scalar.ts';
import { isJsonPath } from '#codec/json/path.ts';
import type { TimestampFormatColumn, TimestampFormatConfig } from './config.ts';
import { conversionOf } from './conversion.ts';
import type { Conversion } from './conversion.ts';
import { timestampFormatErrors } from './errors.ts';

export const timestampFormat: Filter<TimestampFormatConfig> = {
  isRowwise: true,

  open(config, input) {
    const steps = config.columns.map((column, position) =>
      isJsonPath(column.name) ? pathStep(config, position, input) : wholeStep(config, position, input),
    );
    return replaceColumns(input, steps);
  },
};

function refuse(config: TimestampFormatConfig, position: number, input: Schema, reason: string): never {
  const known = input.columns.map(({ name, type }) => `${name} (${type})`).join(', ');
  const params = { name: config.columns[position]?.name ?? '', reason, known };
  throw timestampFormatErrors.error('TIMESTAMP_FORMAT_COLUMN', params, {
    where: { path: ['columns', position, 'name'] },
  });
}

function wholeStep(config: TimestampFormatConfig, position: number, input: Schema): ColumnStep {
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

function pathStep(config: TimestampFormatConfig, position: number, input: Schema): ColumnStep {
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
): ReturnType<typeof cellFault> {
  const reason = (value: Scalar): RopewayError => {
    const params = { value: shownScalar(value), expected: conversion.expected(value) };
    return timestampFormatErrors.error('TIMESTAMP_FORMAT_VALUE', params, { where: { field } });
  };
  return cellFault(field, reason, { stops: config.stop_on_invalid_record });
}
