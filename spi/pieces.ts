/** Compressing a file in pieces, by several threads, for encoders that can put such pieces behind each other. */
import type { Json } from './json.ts';

/** What the pieces of a file add up to (such as a checksum and a size): a few numbers. */
export type PieceSummary = readonly number[];

/** Numbers of a summary at most. */
export const PIECE_SUMMARY_MAX = 4;

/**
 * Encodes pieces of one file, one piece at a time. The file is `head`, the pieces in their order, `tail`. The bytes
 * of a piece depend on its text and the model alone, not on how `write` divides the text.
 */
export interface PieceEncoder {
  /** Bytes from the start of the file that `train` would like to see; 0 when there is nothing to learn. */
  readonly sampleBytes: number;
  /** Learns what all pieces are encoded with. The same sample gives the same model. */
  train(sample: Uint8Array): Json;
  begin(model: Json): void;
  /** Encoded bytes, perhaps none yet; borrowed until the next call. */
  write(text: Uint8Array): Uint8Array;
  end(): { readonly bytes: Uint8Array; readonly summary: PieceSummary };
  head(): Uint8Array;
  tail(summary: PieceSummary): Uint8Array;
  /** The summary of two neighbours as one. */
  combine(first: PieceSummary, second: PieceSummary): PieceSummary;
  readonly emptySummary: PieceSummary;
}
