/** What a thread is told that joins in at a file. */
import type { Json } from '#spi/json.ts';

export interface SplitOrder {
  /** The task's number and itself. */
  readonly index: number;
  readonly task: Json;
  readonly sizeBytes: number;
  readonly chunkBytes: number;
  /** Outputs of the task. */
  readonly laneCount: number;
  /** Their files; null when nothing is written. */
  readonly addresses: readonly Json[] | null;
  /** What pieces are encoded with. */
  readonly model: Json;
  /** Memory of the claims, and of the chain. */
  readonly claims: SharedArrayBuffer;
  readonly chain: SharedArrayBuffer;
  /** Makes guesses wrong on purpose, for tests: the outcome must be the same. */
  readonly spoilsGuesses: boolean;
}
