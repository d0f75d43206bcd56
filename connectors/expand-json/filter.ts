/** Makes columns of the values inside a column of JSON objects. A record with a value of the wrong type is left out. */
import { bytesAt, isNull, stringAt, textLength } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { RopewayError } from '#spi/errors.ts';
import type { Filter, FilterFaults } from '#spi/records.ts';
import { columnIndex } from '#spi/schema.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { selectRows } from '#spi/select-rows.ts';
import { VectorBuilder } from '#spi/vector-builder.ts';
import { setScalar, shownText } from '#codec/cells/scalar.ts';
import { canonicalizeWholeJson } from '#codec/json/canonical.ts';
import { findJson, isManifold, parseJsonPath } from '#codec/json/path.ts';
import type { JsonStep } from '#codec/json/path.ts';
import { columnTimestampParser } from '#codec/time/column-parser.ts';
import type { TimestampParser } from '#codec/time/timestamp-parser.ts';
import type { ExpandJsonConfig } from './config.ts';
import { expandJsonErrors } from './errors.ts';
import { expandedText, readExpanded } from './values.ts';

interface Expanded {
  readonly column: Column;
  readonly steps: readonly JsonStep[];
  readonly parser: TimestampParser;
  readonly builder: VectorBuilder;
}

export const expandJson: Filter<ExpandJsonConfig> = {
  isRowwise: true,

  open(config, input) {
    const source = sourceIndex(config, input);
    const expanded = expandedColumns(config);
    const kept = config.keep_expanding_json_column ? 1 : 0;
    const schema: Schema = {
      columns: input.columns.toSpliced(source + kept, 1 - kept, ...expanded.map(({ column }) => column)),
    };
    const expander = new Expander(config, expanded);
    return {
      schema,
      apply(batch, faults) {
        const vector = batch.vectors[source] as Vector; // an index of the schema
        expander.read(vector, batch.rowCount, faults);
        const columns = expanded.map(({ builder }) => builder.take());
        const vectors = batch.vectors.toSpliced(source + kept, 1 - kept, ...columns);
        return expander.withoutBad({ schema, rowCount: batch.rowCount, vectors });
      },
    };
  },
};

class Expander {
  readonly #stops: boolean;
  readonly #field: string;
  readonly #expanded: readonly Expanded[];
  readonly #scratch = new ByteSink();
  /** Rows that stay. */
  #rows = new Uint32Array(0);
  #count = 0;

  constructor(config: ExpandJsonConfig, expanded: readonly Expanded[]) {
    this.#stops = config.stop_on_invalid_record;
    this.#field = config.json_column_name;
    this.#expanded = expanded;
  }

  read(vector: Vector, rowCount: number, faults: FilterFaults): void {
    if (this.#rows.length < rowCount) this.#rows = new Uint32Array(rowCount);
    this.#count = 0;
    for (const { builder } of this.#expanded) builder.begin(rowCount);
    for (let row = 0; row < rowCount; row++) {
      const error = isNull(vector, row) || textLength(vector, row) === 0 ? undefined : this.#expand(vector, row);
      if (error === undefined) {
        this.#rows[this.#count++] = row;
        continue;
      }
      if (this.#stops) throw error;
      faults.reject({ reason: error, where: error.where, text: stringAt(vector, row) });
    }
  }

  withoutBad(batch: Batch): Batch | undefined {
    if (this.#count === batch.rowCount) return batch;
    return this.#count === 0 ? undefined : selectRows(batch, this.#rows, this.#count);
  }

  /** Sets the row of all columns. Returns why the record is to be left out, if so. */
  #expand(vector: Vector, row: number): RopewayError | undefined {
    const cell = bytesAt(vector, row);
    const sink = this.#scratch;
    sink.clear();
    if (vector.type === 'string' && canonicalizeWholeJson(cell, 0, cell.length, sink) < 0) {
      return expandJsonErrors.error('EXPAND_JSON_TEXT', {}, { where: { field: this.#field } });
    }
    const bytes = vector.type === 'string' ? sink.view() : cell;
    for (const { column, steps, parser, builder } of this.#expanded) {
      const range = findJson(steps, bytes, 0)[0];
      const text = range === undefined ? undefined : expandedText(bytes, range[0], range[1]);
      if (text === undefined) continue;
      const value = readExpanded(text, column.type, parser);
      if (value === undefined) {
        const params = { value: shownText(text), column: column.name, type: column.type };
        return expandJsonErrors.error('EXPAND_JSON_VALUE', params, { where: { field: column.name } });
      }
      setScalar(builder, row, value);
    }
    return undefined;
  }
}

function refuse(option: string, reason: string, advice: string, path: readonly (string | number)[]): never {
  throw expandJsonErrors.error('EXPAND_JSON_OPTION', { option, reason, advice }, { where: { path } });
}

function sourceIndex(config: ExpandJsonConfig, input: Schema): number {
  if (config.time_zone !== undefined) {
    refuse('time_zone', 'it is no longer taken', 'Write `default_timezone` instead.', ['time_zone']);
  }
  const name = config.json_column_name;
  const index = columnIndex(input, name);
  const type = input.columns[index]?.type;
  const known = `Columns are: ${input.columns.map((column) => `${column.name} (${column.type})`).join(', ')}.`;
  if (type === undefined) refuse('json_column_name', `there is no column '${name}'`, known, ['json_column_name']);
  if (type !== 'json' && type !== 'string') {
    refuse('json_column_name', `the column '${name}' is ${type}, and neither json nor string`, known, [
      'json_column_name',
    ]);
  }
  return index;
}

function expandedColumns(config: ExpandJsonConfig): readonly Expanded[] {
  return config.expanded_columns.map((entry, index): Expanded => {
    const place = ['expanded_columns', index, 'name'];
    const option = `expanded_columns.${index}.name`;
    if (config.expanded_columns.findIndex(({ name }) => name === entry.name) < index) {
      refuse(option, `'${entry.name}' is there already`, 'Names of columns are unique.', place);
    }
    const path = parseJsonPath(config.root + entry.name);
    const advice = 'A name is the rest of a JSON path: id, user.name, tags[0].';
    if (typeof path === 'string') return refuse(option, `${config.root}${entry.name}: ${path}`, advice, place);
    if (isManifold(path)) return refuse(option, '[*] leads to several values', advice, place);
    const { name, type, format } = entry;
    const column: Column = type === 'timestamp' && format !== undefined ? { name, type, format } : { name, type };
    const parser = columnTimestampParser(entry, config, index, 'expanded_columns');
    return { column, steps: path.steps, parser, builder: new VectorBuilder(type) };
  });
}
