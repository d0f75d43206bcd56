/** Converts columns to other types, and values inside json columns. */
import { isNull, stringAt, valueAt } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import type { RopewayError } from '#spi/errors.ts';
import type { Filter, FilterFaults } from '#spi/records.ts';
import { columnIndex } from '#spi/schema.ts';
import type { Column, ColumnType, Schema } from '#spi/schema.ts';
import { VectorBuilder } from '#spi/vector-builder.ts';
import { castTo } from '#codec/cells/cast.ts';
import type { CastOptions } from '#codec/cells/cast.ts';
import { isJsonText, isTimestamp, setScalar, shownText } from '#codec/cells/scalar.ts';
import type { Scalar } from '#codec/cells/scalar.ts';
import { castJson, columnStep, JsonCells } from '#codec/cells/json-cells.ts';
import { isJsonPath } from '#codec/json/path.ts';
import { columnTimestampParser } from '#codec/time/column-parser.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import type { TypecastColumn, TypecastConfig } from './config.ts';
import { typecastErrors } from './errors.ts';

/** What makes a new vector of one column. */
interface Step {
  readonly index: number;
  readonly type: ColumnType;
  readonly apply: (vector: Vector, rowCount: number, faults: FilterFaults) => Vector;
}

export const typecast: Filter<TypecastConfig> = {
  isRowwise: true,

  open(config, input) {
    const types = input.columns.map(({ type }) => type);
    const steps: Step[] = [];
    for (const [position, column] of config.columns.entries()) {
      const step = isJsonPath(column.name)
        ? pathStep(config, position, {
            columns: input.columns.map((at, index) => ({ ...at, type: types[index] ?? at.type })),
          })
        : wholeStep(config, position, input);
      types[step.index] = step.type;
      steps.push(step);
    }
    const schema: Schema = {
      columns: input.columns.map((column, index) => retyped(column, types[index] ?? column.type)),
    };
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
function retyped(column: Column, type: ColumnType): Column {
  return column.type === type ? column : { name: column.name, type };
}

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

function wholeStep(config: TypecastConfig, position: number, input: Schema): Step {
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

function pathStep(config: TypecastConfig, position: number, input: Schema): Step {
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
): (value: Scalar, faults: FilterFaults) => void {
  const where = { field };
  const reason = (value: Scalar): RopewayError =>
    typecastErrors.error('TYPECAST_VALUE', { value: shownScalar(value), from, to }, { where });
  return (value, faults) => {
    if (config.stop_on_invalid_record) throw reason(value);
    faults.nullCell(() => ({ reason: reason(value), where }));
  };
}

function shownScalar(value: Scalar): string {
  if (typeof value === 'string') return shownText(value);
  if (typeof value !== 'object') return String(value);
  if (isTimestamp(value)) return `The timestamp ${value.seconds} s ${value.nanos} ns`;
  return isJsonText(value) ? shownText(value.json) : '';
}
