/** The jsonpath parser: records out of documents of any size, which are never in memory as a whole. */
import { CELL_SURROGATE } from '#spi/batch.ts';
import type { Batch } from '#spi/batch.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import type { TaskContext } from '#spi/context.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import type { Parser } from '#spi/files.ts';
import type { Schema } from '#spi/schema.ts';
import { jsonErrors } from '#codec/json/errors.ts';
import { JsonPathStream } from '#codec/json/path-stream.ts';
import { jsonTypeName, RecordColumns } from '#codec/json/record-columns.ts';
import type { JsonValue } from '#codec/json/value-stream.ts';
import { recordSchema } from '#connectors/json/columns.ts';
import { utf8Text } from '#connectors/json/utf8-text.ts';
import { schemaOfColumns } from '#connectors/text-parsing.ts';
import { pathColumns, rootOf } from './columns.ts';
import type { PathColumns } from './columns.ts';
import type { JsonPathParserConfig } from './config.ts';

const SHOWN_BYTES_MAX = 1000;

export const jsonPathParser: Parser<JsonPathParserConfig> = {
  schema(config) {
    rootOf(config);
    return schemaFor(pathColumns(config));
  },

  async *parse(config, { name, bytes }, ctx) {
    const stream = new JsonPathStream(rootOf(config));
    const records = new Records(config, name, ctx);
    try {
      for await (const { chunk, isLast } of utf8Text(bytes)) {
        for (const value of stream.read(chunk, isLast)) {
          records.add(value);
          if (records.builder.isFull) yield* records.take();
        }
        yield* records.take();
      }
    } catch (error) {
      if (!isRopewayError(error)) throw error;
      // A preview reads a piece of the file, which may end in the middle of a value.
      const isCut = ctx.isPreview && stream.valueCount > 0 && error.code === 'JSON_SYNTAX';
      if (!isCut) throw error.where.file === undefined ? withPlace(error, { file: name }) : error;
      yield* records.take();
    }
  },
};

function schemaFor(paths: PathColumns | undefined): Schema {
  return paths === undefined ? recordSchema : schemaOfColumns(paths.columns);
}

class Records {
  readonly builder: BatchBuilder;
  readonly #config: JsonPathParserConfig;
  readonly #file: string;
  readonly #ctx: TaskContext;
  readonly #paths: PathColumns | undefined;
  readonly #columns: RecordColumns | undefined;
  #record = 0;

  constructor(config: JsonPathParserConfig, file: string, ctx: TaskContext) {
    this.#config = config;
    this.#file = file;
    this.#ctx = ctx;
    this.#paths = pathColumns(config);
    this.builder = new BatchBuilder(schemaFor(this.#paths));
    this.#columns = this.#paths && new RecordColumns(this.#paths.columns, this.builder);
  }

  *take(): Generator<Batch> {
    const batch = this.builder.take();
    if (batch !== undefined) yield batch;
  }

  add(value: JsonValue): void {
    this.#record += 1;
    const { arena } = this.builder;
    const before = arena.length;
    const error = this.#set(value);
    if (error === undefined) {
      this.builder.endRow();
      return;
    }
    this.builder.dropRow(before);
    const where = { file: this.#file, line: value.line, record: this.#record };
    if (this.#config.stop_on_invalid_record) throw withPlace(error, where);
    const text = Buffer.from(value.bytes.subarray(0, SHOWN_BYTES_MAX)).toString('utf8');
    this.#ctx.reject({ reason: error, where: { ...where, ...error.where }, text });
  }

  /** Records are independent: a number that is none costs its record only. */
  #set({ bytes, hasSurrogates }: JsonValue): RopewayError | undefined {
    if (this.#columns === undefined || this.#paths === undefined) {
      const start = this.builder.arena.length;
      this.builder.arena.writeBytes(bytes);
      this.builder.setText(0, start, hasSurrogates ? CELL_SURROGATE : 0);
      return undefined;
    }
    if (bytes[0] !== 0x7b && !this.#paths.arePaths) {
      return jsonErrors.error('JSON_NOT_AN_OBJECT', { type: jsonTypeName(bytes, 0) });
    }
    try {
      return this.#columns.set(this.#paths.gather(bytes), 0, hasSurrogates);
    } catch (error) {
      if (isRopewayError(error) && error.code === 'JSON_NUMBER') return error;
      throw error;
    }
  }
}
