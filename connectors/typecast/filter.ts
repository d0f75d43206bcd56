/** Converts columns to other types, and values inside json columns. */
import { isNull, stringAt, valueAt } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import type { RopewayError } from '#spi/errors.ts';
import type { Filter } from '#spi/records.ts';
import { replaceColumns } from '#spi/replace-columns.ts';
import type { ColumnStep } from '#spi/replace-columns.ts';
import { columnIndex } from '#spi/schema.ts';
import type { ColumnType, Schema } from '#spi/schema.ts';
import { VectorBuilder } from '#spi/vector-builder.ts';
import { castTo } from '#codec/cells/cast.ts';
import type { CastOptions } from '#codec/cells/cast.ts';
import { cellFault, shownScalar } from '#codec/cells/cell-fault.ts';
import { setScalar } from '#codec/cells/scalar.ts';
import type { Scalar } from '#codec/cells/scalar.ts';
import { castJson, columnStep, JsonCells } from '#codec/cells/json-cells.ts';
import { isJsonPath } from '#codec/json/path.ts';
import { columnTimestampParser } from '#codec/time/column-parser.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import type { TypecastColumn, TypecastConfig } from './config.ts';
import { typecastErrors } from './errors.ts';

export const typecast: Filter<TypecastConfig> = {
  isRowwise: true,

  open(config, input) {
    const types = input.columns.map(({ type }) => type);
    const steps: ColumnStep[] = [];
    for (const [position, column] of config.columns.entries()) {
      const step = isJsonPath(column.name)
        ? pathStep(config, position, {
            columns: input.columns.map((at, index) => ({ ...at, type: types[index] ?? at.type })),
          })
        : wholeStep(config, position, input);
      types[step.index] = step.type;
      steps.push(step);
    }
    return replaceColumns(input, steps);
  },
};

function castOptions(config: TypecastConfig, position: number): CastOptions {
  const column = config.columns[position] as TypecastColumn; // the caller's own index
  const parser = columnTimestampParser(column, config, position);
  return {
    parser,
    formatter: timestampFormatter(
      column.format ?? config.default_timestamp_format,
      column.timezone ?? config.default_timezone,
    ),
  };
}

function refuse(config: TypecastConfig, position: number, input: Schema, reason: string): never {
  const name = config.columns[position]?.name ?? '';
  const known = input.columns.map((column) => `${column.name} (${column.type})`).join(', ');
  throw typecastErrors.error(
    'TYPECAST_COLUMN',
    { name, reason, known },
    { where: { path: ['columns', position, 'name'] } },
  );
}

function wholeStep(config: TypecastConfig, position: number, input: Schema): ColumnStep {
  const { name, type } = config.columns[position] as TypecastColumn; // the caller's own index
  const index = columnIndex(input, name);
  const from = input.columns[index]?.type;
  if (from === undefined) return refuse(config, position, input, 'there is no such column');
  if (config.columns.some((other, at) => at < position && other.name === name)) {
    return refuse(config, position, input, 'it is named twice');
  }
  const cast = castTo(type, castOptions(config, position));
  if (from === type) return { index, type, apply: (vector) => vector };
  const builder = new VectorBuilder(type);
  const fault = faultMaker(config, name, { from, to: type });
  return {
    index,
    type,
    apply(vector, rowCount, faults) {
      builder.begin(rowCount);
      for (let row = 0; row < rowCount; row++) {
        if (isNull(vector, row)) continue;
        const value = scalarAt(vector, row);
        const result = cast(value);
        if (result !== undefined) setScalar(builder, row, result);
        else fault(value, faults);
      }
      return builder.take();
    },
  };
}

function scalarAt(vector: Vector, row: number): Scalar {
  if (vector.type === 'json') return { json: stringAt(vector, row) };
  // Callers have looked: the cell is not null.
  return valueAt(vector, row) as Scalar;
}

function pathStep(config: TypecastConfig, position: number, input: Schema): ColumnStep {
  const { name, type } = config.columns[position] as TypecastColumn; // the caller's own index
  const found = columnStep(name, input);
  if (typeof found === 'string') return refuse(config, position, input, found);
  if (type === 'timestamp') return refuse(config, position, input, 'JSON has no timestamps');
  const cast = castTo(type, castOptions(config, position));
  const fault = faultMaker(config, name, { from: 'json', to: type });
  const cells = new JsonCells(found.steps);
  return {
    index: found.index,
    type: 'json',
    apply: (vector, rowCount, faults) =>
      cells.rewrite(
        vector,
        rowCount,
        castJson(cast, (value) => fault(value, faults)),
      ),
  };
}

/** Tells of a value that cannot be converted, or throws when the run is to stop. */
function faultMaker(
  config: TypecastConfig,
  field: string,
  { from, to }: { readonly from: ColumnType; readonly to: ColumnType },
): ReturnType<typeof cellFault> {
  const reason = (value: Scalar): RopewayError =>
    typecastErrors.error('TYPECAST_VALUE', { value: shownScalar(value), from, to }, { where: { field } });
  return cellFault(field, reason, { stops: config.stop_on_invalid_record });
}
