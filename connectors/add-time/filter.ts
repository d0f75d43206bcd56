/** Adds a column with a time behind all others. */
import { isNull } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import type { Filter, FilterFaults } from '#spi/records.ts';
import { columnIndex } from '#spi/schema.ts';
import type { Schema } from '#spi/schema.ts';
import { selectRows } from '#spi/select-rows.ts';
import { VectorBuilder } from '#spi/vector-builder.ts';
import { setScalar, shownText } from '#codec/cells/scalar.ts';
import type { Scalar } from '#codec/cells/scalar.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import type { TimestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { longOfNanos, timestampOfNanos } from '#codec/time/units.ts';
import type { AddTimeConfig, FromColumn } from './config.ts';
import { addTimeErrors } from './errors.ts';
import { cellTime, refuse, units, valueTimes } from './times.ts';
import type { CellTime, Time } from './times.ts';

export const addTime: Filter<AddTimeConfig> = {
  isRowwise: true,

  needsOrder: ({ from_value: value }) => value?.mode === 'incremental_time',

  open(config, input, ctx) {
    const { from_column: column, from_value: value, to_column: target } = config;
    const { name, type } = target;
    const schema: Schema = { columns: [...renamed(name, input), { name, type }] };
    // Once, when the run is planned; tasks have a number.
    if (columnIndex(input, name) >= 0 && !('taskIndex' in ctx)) {
      ctx.log.warn('A column of the same name is renamed.', { column: name });
    }
    const builder = new VectorBuilder(type);
    const resultOf = resultMaker(config);
    if (column !== undefined && value === undefined)
      return new ColumnTimes(column, { input, schema, builder, resultOf });
    if (column !== undefined || value === undefined) {
      const reason = value === undefined ? 'there is neither it nor `from_value`' : 'there is `from_value`, too';
      return refuse('from_column', reason, 'Give exactly one of from_column and from_value.');
    }
    const next = valueTimes(value, ctx.transactionTime);
    return {
      schema,
      apply(batch) {
        builder.begin(batch.rowCount);
        for (let row = 0; row < batch.rowCount; row++) {
          const result = resultOf(next());
          if (result === undefined) refuse('from_value', 'the time is out of range', 'Check the unit.');
          setScalar(builder, row, result);
        }
        return { schema, rowCount: batch.rowCount, vectors: [...batch.vectors, builder.take()] };
      },
    };
  },
};

/** A column of the new one's name gives way: `_` is appended to its name until that is unique. */
function renamed(name: string, input: Schema): Schema['columns'] {
  const names = new Set([name, ...input.columns.map((column) => column.name)]);
  return input.columns.map((column) => {
    if (column.name !== name) return column;
    let other = `${name}_`;
    while (names.has(other)) other += '_';
    names.add(other);
    return { ...column, name: other };
  });
}

/** The time as a value of the new column; undefined when there is none such. */
type Result = (time: Time) => Scalar | undefined;

function resultMaker({ to_column: target }: AddTimeConfig): Result {
  const { type, timestamp_format: format, timezone } = target;
  switch (type) {
    case 'timestamp':
      return ({ nanos }) => timestampOfNanos(nanos);
    case 'long':
      return ({ nanos, isNumber }) => longOfNanos(nanos, units[target.unix_timestamp_unit], isNumber);
    case 'string': {
      const formatter = placedFormatter(format, timezone);
      return ({ nanos }) => {
        const time = timestampOfNanos(nanos);
        return time === undefined ? undefined : formatter.format(time.seconds, time.nanos);
      };
    }
  }
}

function placedFormatter(format: string, timezone: string): TimestampFormatter {
  try {
    return timestampFormatter(format, timezone);
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    const option = error.code === 'TIME_ZONE_UNKNOWN' ? 'timezone' : 'timestamp_format';
    throw withPlace(error, { path: ['to_column', option] });
  }
}

interface Parts {
  readonly input: Schema;
  readonly schema: Schema;
  readonly builder: VectorBuilder;
  readonly resultOf: Result;
}

class ColumnTimes {
  readonly schema: Schema;
  readonly #resultOf: Result;
  readonly #field: string;
  readonly #index: number;
  readonly #time: CellTime;
  readonly #builder: VectorBuilder;
  /** Rows that stay. */
  #rows = new Uint32Array(0);

  constructor(from: FromColumn, { input, schema, builder, resultOf }: Parts) {
    this.schema = schema;
    this.#resultOf = resultOf;
    this.#builder = builder;
    this.#field = from.name;
    this.#index = columnIndex(input, from.name);
    const column = input.columns[this.#index];
    const known = `Columns are: ${input.columns.map(({ name }) => name).join(', ')}.`;
    if (column === undefined) refuse('from_column.name', `there is no column '${from.name}'`, known);
    this.#time = cellTime(from, column.type);
  }

  apply(batch: Batch, faults: FilterFaults): Batch | undefined {
    const vector = batch.vectors[this.#index] as Vector; // an index of the schema
    if (this.#rows.length < batch.rowCount) this.#rows = new Uint32Array(batch.rowCount);
    this.#builder.begin(batch.rowCount);
    let count = 0;
    for (let row = 0; row < batch.rowCount; row++) {
      if (isNull(vector, row) || this.#set(vector, row, faults)) this.#rows[count++] = row;
    }
    const vectors = [...batch.vectors, this.#builder.take()];
    const whole = { schema: this.schema, rowCount: batch.rowCount, vectors };
    if (count === batch.rowCount) return whole;
    return count === 0 ? undefined : selectRows(whole, this.#rows, count);
  }

  /** False when the record is left out. */
  #set(vector: Vector, row: number, faults: FilterFaults): boolean {
    const time = this.#time(vector, row);
    if (time === undefined) return true;
    const result = typeof time === 'string' ? undefined : this.#resultOf(time);
    if (result !== undefined) {
      setScalar(this.#builder, row, result);
      return true;
    }
    const where = { field: this.#field };
    const describe = (): { reason: RopewayError; where: typeof where } => {
      const value = typeof time === 'string' ? shownText(time) : `${time.nanos} nanoseconds`;
      return { reason: addTimeErrors.error('ADD_TIME_VALUE', { value }, { where }), where };
    };
    // Inside json the original leaves the cell empty; elsewhere it skips the record.
    if (vector.type === 'json') faults.nullCell(describe);
    else faults.reject(describe());
    return vector.type === 'json';
  }
}
