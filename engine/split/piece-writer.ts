/** From records to the pieces of a file: a formatter, and perhaps an encoder of pieces. */
import type { Batch } from '#spi/batch.ts';
import type { FormatWriter, PieceEncoder, PieceSummary } from '#spi/files.ts';
import type { Json } from '#spi/json.ts';

const nothing = new Uint8Array(0);

export interface EncodedPiece {
  readonly bytes: Uint8Array;
  readonly summary: PieceSummary;
}

export class PieceWriter {
  readonly #writer: FormatWriter;
  readonly #encoder: PieceEncoder | undefined;
  readonly sampleBytes: number;

  constructor(writer: FormatWriter, encoder?: PieceEncoder) {
    this.#writer = writer;
    this.#encoder = encoder;
    this.sampleBytes = encoder?.sampleBytes ?? 0;
  }

  /** What precedes all records, and follows them: not encoded yet. */
  headText(): Uint8Array {
    return this.#writer.begin();
  }

  tailText(): Uint8Array {
    return this.#writer.end();
  }

  /** The text of records, for training; borrowed. */
  text(batch: Batch): Uint8Array {
    return this.#writer.write(batch);
  }

  train(sample: Uint8Array): Json {
    return this.#encoder?.train(sample) ?? null;
  }

  begin(model: Json): void {
    this.#encoder?.begin(model);
  }

  /** Bytes of the piece, perhaps none yet; borrowed. */
  write(batch: Batch): Uint8Array {
    return this.writeText(this.#writer.write(batch));
  }

  writeText(text: Uint8Array): Uint8Array {
    return this.#encoder === undefined ? text : this.#encoder.write(text);
  }

  end(): EncodedPiece {
    return this.#encoder?.end() ?? { bytes: nothing, summary: [] };
  }

  /** What precedes and follows the pieces of a file. */
  head(): Uint8Array {
    return this.#encoder?.head() ?? nothing;
  }

  tail(summary: PieceSummary): Uint8Array {
    return this.#encoder?.tail(summary) ?? nothing;
  }

  combine(first: PieceSummary, second: PieceSummary): PieceSummary {
    return this.#encoder?.combine(first, second) ?? [];
  }

  get emptySummary(): PieceSummary {
    return this.#encoder?.emptySummary ?? [];
  }
}
