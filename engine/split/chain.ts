/**
 * What the threads at one file share: the chain of proven places. A chunk's turn comes when all chunks before it are
 * done; then the chain says where its first record begins and where its output goes. Only the thread whose turn it is
 * changes the chain.
 */
import { PIECE_SUMMARY_MAX } from '#spi/files.ts';
import type { PieceSummary } from '#spi/files.ts';
import type { TextPlace } from '#spi/ranges.ts';

// Words of 32 bits.
const TURN = 0;
const STATE = 1;
const WORDS_BYTES = 8;

// States.
const RUNNING = 0;
/** The whole text has been read. */
const COMPLETE = 1;
/** Somebody failed, or the run is to stop. */
const STOPPED = 2;

// Numbers of 64 bits behind the words: the place, then the lanes.
const POSITION = 0;
const LINES = 1;
const PENDING_LINES = 2;
const LANES = 3;
/** Of a lane: the size of its file so far, how many numbers its summary has, and these. */
const LANE_NUMBERS = 2 + PIECE_SUMMARY_MAX;

export class Chain {
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;

  /** Memory for a chain that begins at the place. */
  static memory(start: TextPlace, laneCount: number): SharedArrayBuffer {
    const memory = new SharedArrayBuffer(WORDS_BYTES + (LANES + laneCount * LANE_NUMBERS) * 8);
    new Chain(memory).place = start;
    return memory;
  }

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, WORDS_BYTES / 4);
    this.#numbers = new Float64Array(memory, WORDS_BYTES);
  }

  /** Neither stopped nor complete. */
  get isRunning(): boolean {
    return Atomics.load(this.#words, STATE) === RUNNING;
  }

  /** Whether it is the chunk's turn, so that there is no need to guess where it begins. */
  isTurn(chunk: number): boolean {
    return Atomics.load(this.#words, TURN) === chunk;
  }

  /** Waits for the chunk's turn; false when it does not come. */
  async turn(chunk: number): Promise<boolean> {
    for (;;) {
      const turn = Atomics.load(this.#words, TURN);
      if (!this.isRunning) return false;
      if (turn === chunk) return true;
      const { async: isWaiting, value } = Atomics.waitAsync(this.#words, TURN, turn);
      if (isWaiting) await value;
    }
  }

  /** Ends the turn. */
  pass(): void {
    Atomics.add(this.#words, TURN, 1);
    Atomics.notify(this.#words, TURN);
  }

  /** Ends the chain: nothing follows the place. */
  complete(): void {
    this.#end(COMPLETE);
  }

  /** Lets everybody who waits, or will wait, go. */
  stop(): void {
    this.#end(STOPPED);
  }

  #end(state: number): void {
    Atomics.compareExchange(this.#words, STATE, RUNNING, state);
    // Whoever waits does so for a change of the turn.
    Atomics.add(this.#words, TURN, 1);
    Atomics.notify(this.#words, TURN);
  }

  get isComplete(): boolean {
    return Atomics.load(this.#words, STATE) === COMPLETE;
  }

  get place(): TextPlace {
    const numbers = this.#numbers;
    // All three lie within the memory.
    return {
      position: numbers[POSITION] as number,
      lines: numbers[LINES] as number,
      pendingLines: numbers[PENDING_LINES] as number,
    };
  }

  set place({ position, lines, pendingLines }: TextPlace) {
    this.#numbers[POSITION] = position;
    this.#numbers[LINES] = lines;
    this.#numbers[PENDING_LINES] = pendingLines;
  }

  /** The size of the lane's file so far, and the summary of its pieces. */
  lane(lane: number): { readonly sizeBytes: number; readonly summary: PieceSummary } {
    const at = LANES + lane * LANE_NUMBERS;
    const [sizeBytes = 0, count = 0] = this.#numbers.subarray(at, at + 2);
    return { sizeBytes, summary: [...this.#numbers.subarray(at + 2, at + 2 + count)] };
  }

  setLane(lane: number, { sizeBytes, summary }: { readonly sizeBytes: number; readonly summary: PieceSummary }): void {
    this.#numbers.set([sizeBytes, summary.length, ...summary], LANES + lane * LANE_NUMBERS);
  }
}
