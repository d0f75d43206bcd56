/** The jsonl parser: every line is a value of its own, and a broken one costs no other. */
import { CELL_SURROGATE } from '#spi/batch.ts';
import type { Batch } from '#spi/batch.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { TaskContext } from '#spi/context.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import type { Parser } from '#spi/files.ts';
import { charsetDecoder } from '#codec/charset/decoder.ts';
import { jsonErrors } from '#codec/json/errors.ts';
import { jsonTypeName, RecordColumns } from '#codec/json/record-columns.ts';
import { isJsonSpace, JSON_REFUSED, JsonScanner } from '#codec/json/scanner.ts';
import { jsonColumnsOf, recordSchema, schemaOf } from '#connectors/json/columns.ts';
import type { JsonlParserConfig } from './config.ts';

const LF = 0x0a;
/** Bytes of a line at most. */
const LINE_BYTES_MAX = 64 * 1024 * 1024;
const SHOWN_BYTES_MAX = 1000;
const nothing = new Uint8Array(0);

export const jsonlParser: Parser<JsonlParserConfig> = {
  schema(config) {
    jsonColumnsOf(config.columns ?? [], config);
    try {
      charsetDecoder(config.charset);
    } catch (error) {
      throw isRopewayError(error) ? withPlace(error, { path: ['charset'] }) : error;
    }
    return config.columns === undefined ? recordSchema : schemaOf(config.columns);
  },

  async *parse(config, { name, bytes }, ctx) {
    const decoder = charsetDecoder(config.charset);
    const lines = new Lines(config, name, ctx);
    for await (const chunk of bytes) yield* lines.read(decoder.decode(chunk, false), false);
    yield* lines.read(decoder.decode(nothing, true), true);
  },
};

class Lines {
  readonly #config: JsonlParserConfig;
  readonly #file: string;
  readonly #ctx: TaskContext;
  readonly #builder: BatchBuilder;
  readonly #columns: RecordColumns | undefined;
  readonly #scanner = new JsonScanner();
  readonly #value = new ByteSink();
  #held: Uint8Array = nothing;
  #line = 0;

  constructor(config: JsonlParserConfig, file: string, ctx: TaskContext) {
    this.#config = config;
    this.#file = file;
    this.#ctx = ctx;
    this.#builder = new BatchBuilder(config.columns === undefined ? recordSchema : schemaOf(config.columns));
    this.#columns = config.columns && new RecordColumns(jsonColumnsOf(config.columns, config), this.#builder);
  }

  *read(chunk: Uint8Array, isLast: boolean): Generator<Batch> {
    const text = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let start = this.#line === 0 && startsWithMark(text) ? 3 : 0;
    while (start < text.length) {
      const found = text.indexOf(LF, start);
      if (found < 0 && !isLast) break;
      const end = found < 0 ? text.length : found;
      this.#line += 1;
      this.#add(text, start, end);
      start = end + 1;
      const batch = this.#builder.isFull ? this.#builder.take() : undefined;
      if (batch !== undefined) yield batch;
    }
    this.#held = new Uint8Array(text.subarray(start));
    if (this.#held.length > LINE_BYTES_MAX) {
      const where = { file: this.#file, line: this.#line + 1 };
      throw jsonErrors.error('JSON_LINE_TOO_LONG', { limit: LINE_BYTES_MAX }, { where });
    }
    const rest = this.#builder.take();
    if (rest !== undefined) yield rest;
  }

  #add(text: Uint8Array, start: number, end: number): void {
    let first = start;
    while (first < end && isJsonSpace(text[first] as number)) first += 1; // bounded
    if (first === end) return;
    const error = this.#record(text, first, end);
    if (error === undefined) {
      this.#builder.endRow();
      return;
    }
    const where = { file: this.#file, line: this.#line };
    if (this.#config.stop_on_invalid_record) throw withPlace(error, where);
    const shown = Buffer.from(text.subarray(start, Math.min(end, start + SHOWN_BYTES_MAX))).toString('utf8');
    this.#ctx.reject({ reason: error, where: { ...where, ...error.where }, text: shown });
  }

  /** Fills the current row from the line; returns why it cannot. */
  #record(text: Uint8Array, start: number, end: number): RopewayError | undefined {
    this.#value.clear();
    let after = this.#scanner.value(text, start, end, this.#value);
    if (after === JSON_REFUSED) return syntaxError('it is broken', this.#scanner.faultAt - start + 1);
    while (after < end && isJsonSpace(text[after] as number)) after += 1; // bounded
    if (after < end) return syntaxError('something follows the value', after - start + 1);
    const bytes = this.#value.view();
    if (bytes[0] !== 0x7b) return jsonErrors.error('JSON_NOT_AN_OBJECT', { type: jsonTypeName(bytes, 0) });
    const { arena } = this.#builder;
    const before = arena.length;
    if (this.#columns === undefined) {
      arena.writeBytes(bytes);
      this.#builder.setText(0, before, this.#scanner.hasSurrogates ? CELL_SURROGATE : 0);
      return undefined;
    }
    const error = this.#setColumns(bytes);
    if (error !== undefined) this.#builder.dropRow(before);
    return error;
  }

  /** Unlike in the json parser a bad number costs its line only: lines are independent. */
  #setColumns(bytes: Uint8Array): RopewayError | undefined {
    try {
      return this.#columns?.set(bytes, 0, this.#scanner.hasSurrogates);
    } catch (error) {
      if (isRopewayError(error) && error.code === 'JSON_NUMBER') return error;
      throw error;
    }
  }
}

function syntaxError(reason: string, column: number): RopewayError {
  return jsonErrors.error('JSON_SYNTAX', { reason }, { where: { column } });
}

function startsWithMark(text: Uint8Array): boolean {
  return text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf;
}
