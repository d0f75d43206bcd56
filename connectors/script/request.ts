/** A batch as the text that goes to a script: a JSON list of records. */
import { CELL_SURROGATE, cellFlags, isNull, stringAt, textLength, textStart } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import { viewOf } from '#spi/byte-copy.ts';
import type { Schema } from '#spi/schema.ts';
import { writeJsonText } from '#codec/json/string.ts';

const NANOS_PER_MICRO = 1000n;
const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

export class RequestWriter {
  readonly #sink = new ByteSink(256 * 1024);
  /** `{"a":` for the first column, `,"b":` for the others. */
  readonly #keys: readonly Uint8Array[];

  constructor(schema: Schema) {
    this.#keys = schema.columns.map(({ name }, index) =>
      Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`),
    );
  }

  write(batch: Batch): string {
    const sink = this.#sink;
    sink.clear();
    const arenas = batch.vectors.map(({ arena }) => viewOf(arena));
    for (let row = 0; row < batch.rowCount; row++) {
      sink.writeAscii(row === 0 ? '[' : ',');
      this.#writeRow(batch, row, arenas);
    }
    sink.writeAscii(']');
    return this.#text();
  }

  /** One record, for messages. */
  record(batch: Batch, row: number): string {
    this.#sink.clear();
    this.#writeRow(
      batch,
      row,
      batch.vectors.map(({ arena }) => viewOf(arena)),
    );
    return this.#text();
  }

  #text(): string {
    return Buffer.from(this.#sink.view()).toString('utf8');
  }

  #writeRow({ vectors }: Batch, row: number, arenas: readonly DataView[]): void {
    const sink = this.#sink;
    if (vectors.length === 0) sink.writeAscii('{');
    for (let column = 0; column < vectors.length; column++) {
      sink.writeBytes(this.#keys[column] as Uint8Array); // as many as columns
      const vector = vectors[column] as Vector;
      if (isNull(vector, row)) sink.writeAscii('null');
      else writeCell(sink, vector, row, arenas[column] as DataView);
    }
    sink.writeAscii('}');
  }
}

function writeCell(sink: ByteSink, vector: Vector, row: number, arena: DataView): void {
  switch (vector.type) {
    case 'boolean':
      sink.writeAscii(vector.values[row] === 1 ? 'true' : 'false');
      return;
    case 'long': {
      const value = vector.values[row] as bigint; // bounded by the caller, as the others
      sink.writeAscii(value <= SAFE_MAX && value >= -SAFE_MAX ? String(value) : `"${value}"`);
      return;
    }
    case 'double': {
      const value = vector.values[row] as number;
      if (Number.isFinite(value)) sink.writeAscii(Object.is(value, -0) ? '-0' : String(value));
      else sink.writeAscii(`"${value}"`);
      return;
    }
    case 'timestamp': {
      const micros = vector.values[row] as bigint;
      sink.writeAscii(`"${micros * NANOS_PER_MICRO + BigInt(vector.nanos[row] as number)}"`);
      return;
    }
    case 'string':
    case 'json': {
      if (cellFlags(vector, row) & CELL_SURROGATE) {
        // Escaped, for the frame is UTF-8.
        sink.writeAscii(asciiJson(stringAt(vector, row)));
        return;
      }
      const start = textStart(vector, row);
      writeJsonText(sink, arena, start, start + textLength(vector, row));
    }
  }
}

function asciiJson(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
