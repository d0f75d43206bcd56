/** The json parser: values of a file, one after the other, to batches. */
import { CELL_SURROGATE } from '#spi/batch.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import type { TaskContext } from '#spi/context.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import type { Parser } from '#spi/files.ts';
import { jsonErrors } from '#codec/json/errors.ts';
import { elements } from '#codec/json/navigate.ts';
import type { JsonPointer } from '#codec/json/navigate.ts';
import { jsonTypeName, RecordColumns } from '#codec/json/record-columns.ts';
import { JsonValueStream } from '#codec/json/value-stream.ts';
import type { JsonValue } from '#codec/json/value-stream.ts';
import { jsonColumnsOf, pointerOf, recordSchema, schemaOf } from './columns.ts';
import type { JsonParserConfig } from './config.ts';
import { repairEscapes } from './escapes.ts';
import { utf8Text } from './utf8-text.ts';

export const jsonParser: Parser<JsonParserConfig> = {
  schema(config) {
    jsonColumnsOf(config.columns ?? [], config);
    if (config.root !== undefined) pointerOf(config.root, ['root']);
    return config.columns === undefined ? recordSchema : schemaOf(config.columns);
  },

  async *parse(config, { name, bytes }, ctx) {
    const records = new Records(config, name, ctx);
    const values = new JsonValueStream();
    try {
      const text = utf8Text(bytes);
      const repaired =
        config.invalid_string_escapes === 'PASSTHROUGH' ? text : repairEscapes(text, config.invalid_string_escapes);
      for await (const { chunk, isLast } of repaired) {
        for (const value of values.read(chunk, isLast)) {
          records.add(value);
          if (records.builder.isFull) yield* records.take();
        }
        yield* records.take();
      }
    } catch (error) {
      if (!isRopewayError(error)) throw error;
      // A preview reads a piece of the file, which may end in the middle of a value.
      const isCut = ctx.isPreview && values.valueCount > 0 && error.code === 'JSON_SYNTAX';
      if (!isCut) throw error.where.file === undefined ? withPlace(error, { file: name }) : error;
      yield* records.take();
    }
  },
};

class Records {
  readonly builder: BatchBuilder;
  readonly #config: JsonParserConfig;
  readonly #file: string;
  readonly #ctx: TaskContext;
  readonly #root: JsonPointer | undefined;
  readonly #columns: RecordColumns | undefined;

  constructor(config: JsonParserConfig, file: string, ctx: TaskContext) {
    this.#config = config;
    this.#file = file;
    this.#ctx = ctx;
    this.#root = config.root === undefined ? undefined : pointerOf(config.root, ['root']);
    this.builder = new BatchBuilder(config.columns === undefined ? recordSchema : schemaOf(config.columns));
    this.#columns = config.columns && new RecordColumns(jsonColumnsOf(config.columns, config), this.builder);
  }

  *take(): Generator<NonNullable<ReturnType<BatchBuilder['take']>>> {
    const batch = this.builder.take();
    if (batch !== undefined) yield batch;
  }

  add(value: JsonValue): void {
    const range = this.#root === undefined ? ([0, value.bytes.length] as const) : this.#root.find(value.bytes, 0);
    if (range === undefined) {
      this.#reject(jsonErrors.error('JSON_ROOT_MISSING'), value);
      return;
    }
    if (!this.#config.flatten_json_array) {
      this.#addRecord(value, range);
      return;
    }
    if (value.bytes[range[0]] !== 0x5b) {
      this.#reject(jsonErrors.error('JSON_NOT_AN_ARRAY', { type: jsonTypeName(value.bytes, range[0]) }), value);
      return;
    }
    // A bad element drops the rest of its array, as in the original.
    for (const element of elements(value.bytes, range[0])) if (!this.#addRecord(value, element)) return;
  }

  #addRecord(value: JsonValue, [start, end]: readonly [number, number]): boolean {
    const { bytes, hasSurrogates } = value;
    if (bytes[start] !== 0x7b) {
      this.#reject(jsonErrors.error('JSON_NOT_AN_OBJECT', { type: jsonTypeName(bytes, start) }), value);
      return false;
    }
    const { builder } = this;
    const before = builder.arena.length;
    if (this.#columns === undefined) {
      builder.arena.writeBytes(bytes, start, end);
      builder.setText(0, before, hasSurrogates ? CELL_SURROGATE : 0);
    } else {
      const error = this.#setColumns(value, start);
      if (error !== undefined) {
        builder.dropRow(before);
        this.#reject(error, value);
        return false;
      }
    }
    builder.endRow();
    return true;
  }

  #setColumns({ bytes, hasSurrogates, line }: JsonValue, start: number): RopewayError | undefined {
    try {
      return this.#columns?.set(bytes, start, hasSurrogates);
    } catch (error) {
      throw isRopewayError(error) ? withPlace(error, { file: this.#file, line }) : error;
    }
  }

  #reject(reason: RopewayError, value: JsonValue): void {
    const where = { file: this.#file, line: value.line };
    if (this.#config.stop_on_invalid_record) throw withPlace(reason, where);
    const text = Buffer.from(value.bytes.subarray(0, SHOWN_BYTES_MAX)).toString('utf8');
    this.#ctx.reject({ reason, where: { ...where, ...reason.where }, text });
  }
}

const SHOWN_BYTES_MAX = 1000;
