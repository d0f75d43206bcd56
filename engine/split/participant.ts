/**
 * One thread at work on a file that several share. It takes chunk after chunk, guesses where the first record begins,
 * and runs the whole pipeline on it, into memory. When the chunk's turn comes, the chain says where the record before
 * really ended: if the guess was right, the output is written, at the place that the chain gives; if not, everything
 * is dropped and done again from the right place. So the outcome is that of reading from the beginning to the end,
 * whatever was guessed.
 */
import { setImmediate } from 'node:timers/promises';
import type { Batch } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import { assert } from '#spi/assert.ts';
import type { Rejection } from '#spi/context.ts';
import { isRopewayError, RopewayError } from '#spi/errors.ts';
import type { ErrorPlace } from '#spi/errors.ts';
import type { FilterFaults } from '#spi/records.ts';
import type { RangeEnd, RangeFile, RangeParser, RangeTarget, TextPlace } from '#spi/ranges.ts';
import { engineErrors } from '#engine/errors.ts';
import type { FilterChain } from '#engine/filter-chain.ts';
import { NULL_CELLS_SHOWN_MAX } from '#engine/rejection-log.ts';
import type { RunTaskContext } from '#engine/run-context.ts';
import type { Chain } from './chain.ts';
import type { ChunkLayout, ChunkRange } from './chunk-layout.ts';
import type { SplitOrder } from './order.ts';
import type { PieceWriter } from './piece-writer.ts';

/** What a chunk may hold before it is proven; then it waits for its turn. */
const HELD_BYTES_MAX = 8 * 1024 * 1024;
const HELD_REJECTIONS_MAX = 1000;
/** Proven output is written in pieces of at least this size. */
const FLUSH_BYTES = 1024 * 1024;

export interface ParticipantParts {
  readonly order: SplitOrder;
  readonly layout: ChunkLayout;
  readonly chain: Chain;
  /** Takes a chunk; undefined when there are none for this thread. */
  readonly nextChunk: () => number | undefined;
  readonly file: RangeFile;
  readonly parser: RangeParser;
  readonly filters: FilterChain;
  readonly writer: PieceWriter;
  /** Opens the file of a lane for writing. */
  readonly openTarget: (lane: number) => Promise<RangeTarget>;
  readonly ctx: RunTaskContext;
  readonly countRead: (rows: number) => void;
  readonly countWritten: (rows: number) => void;
}

/** What has come of a chunk so far. */
interface Attempt {
  readonly start: TextPlace;
  readonly rejections: Rejection[];
  /** The first cells that became null, and the number of the others. */
  readonly nullCells: Rejection[];
  nullCellsMore: number;
  rowsRead: number;
  rowsWritten: number;
  end: RangeEnd | undefined;
  failure: { readonly error: unknown } | undefined;
}

/** Thrown when the place at which an attempt began was guessed wrong, and when the chunk's turn does not come. */
const WRONG_GUESS = Symbol('wrong guess');
const STOPPED = Symbol('stopped');

export class Participant {
  readonly #parts: ParticipantParts;
  readonly #targets = new Map<number, RangeTarget>();
  readonly #held = new ByteSink();
  /** Lines before the place at which the attempt at hand began; known once it is proven. */
  #lines = 0;

  constructor(parts: ParticipantParts) {
    this.#parts = parts;
  }

  /** Takes chunks until there are none. Throws what makes the file fail; then the chain is stopped. */
  async run(): Promise<void> {
    const { chain, file, ctx } = this.#parts;
    const stop = (): void => chain.stop();
    ctx.signal.addEventListener('abort', stop);
    try {
      const claimed: number[] = [];
      for (;;) {
        for (let more = (file.rangesAhead ?? 0) - claimed.length; more >= 0; more--) this.#claim(claimed);
        const chunk = claimed.shift();
        if (chunk === undefined) break;
        await this.#runChunk(chunk);
        // Reading and writing may never leave this thread's turn of the event loop.
        await setImmediate();
      }
    } catch (error) {
      if (error === STOPPED) {
        if (ctx.signal.aborted) throw engineErrors.error('RUN_CANCELLED');
        return;
      }
      chain.stop();
      throw error;
    } finally {
      ctx.signal.removeEventListener('abort', stop);
      for (const target of this.#targets.values()) await target.close();
    }
  }

  /** Takes the next chunk, if there is one. The first one is at hand already: the encoder has learned from it. */
  #claim(claimed: number[]): void {
    const { nextChunk, file, layout } = this.#parts;
    const chunk = nextChunk();
    if (chunk === undefined) return;
    claimed.push(chunk);
    if (chunk === 0) return;
    const { from, to } = layout.range(chunk);
    file.announce?.(from, Math.min(to, file.sizeBytes));
  }

  async #runChunk(chunk: number): Promise<void> {
    const { chain, layout } = this.#parts;
    const range = layout.range(chunk);
    let attempt = await this.#early(chunk, range);
    if (!(await chain.turn(chunk))) throw STOPPED;
    const { place } = chain;
    if (place.position >= range.to) {
      // The record that began before has taken all of it.
      chain.pass();
      return;
    }
    if (attempt === undefined || !isSame(attempt.start, place)) attempt = await this.#proven(range, place);
    const { end, position } = this.#commit(range.lane, attempt);
    const isSequential = end.isSequential && !end.isEnd;
    // The next chunk need not wait until this one is written.
    if (end.isEnd) chain.complete();
    else if (!isSequential) chain.pass();
    await this.#write(range.lane, position);
    if (isSequential) await this.#runRest(chunk);
  }

  /** The rest of a file that only this parser can read, with the turn in hand. */
  async #runRest(from: number): Promise<void> {
    const { chain, layout } = this.#parts;
    for (let chunk = from; ; chunk++) {
      const range = layout.range(chunk);
      if (chain.place.position >= range.to) continue;
      const { end, position } = this.#commit(range.lane, await this.#proven(range, chain.place));
      await this.#write(range.lane, position);
      await setImmediate();
      if (end.isEnd) break;
    }
    chain.complete();
  }

  /** An attempt before the chunk's turn; undefined when there is nothing to guess, or the guess was found wrong. */
  async #early(chunk: number, range: ChunkRange): Promise<Attempt | undefined> {
    const { chain, parser, order } = this.#parts;
    if (chunk === 0) return this.#speculate(chunk, range, parser.start);
    if (chain.isTurn(chunk) && !order.spoilsGuesses) return undefined;
    const guess = await this.#guess(chunk, range);
    return guess === undefined ? undefined : this.#speculate(chunk, range, guess);
  }

  async #guess(chunk: number, { from, to }: ChunkRange): Promise<TextPlace | undefined> {
    const { file, parser, order } = this.#parts;
    if (from >= file.sizeBytes) return undefined;
    const guess = await parser.guess(file, from, Math.min(to, file.sizeBytes));
    if (!order.spoilsGuesses || guess === undefined || chunk % 3 === 0) return guess;
    return { ...guess, position: Math.min(guess.position + (chunk % 3), to - 1) };
  }

  /** An attempt from a guessed place; undefined when the guess was found wrong meanwhile. */
  async #speculate(chunk: number, range: ChunkRange, guess: TextPlace): Promise<Attempt | undefined> {
    const attempt = newAttempt(guess);
    try {
      await this.#produce(range, attempt, chunk);
    } catch (error) {
      if (error === STOPPED) throw error;
      if (error === WRONG_GUESS) return undefined;
      // Counts only when the guess is proven.
      attempt.failure = { error };
    }
    return attempt;
  }

  /** An attempt from a proven place, with the turn in hand. */
  async #proven(range: ChunkRange, place: TextPlace): Promise<Attempt> {
    const attempt = newAttempt(place);
    this.#lines = 0;
    await this.#produce(range, attempt, undefined);
    return attempt;
  }

  /** The pipeline on the chunk. `chunk` is given while the attempt is not proven. */
  async #produce(range: ChunkRange, attempt: Attempt, chunk: number | undefined): Promise<void> {
    const { file, parser, writer, order, ctx } = this.#parts;
    this.#held.clear();
    writer.begin(order.model);
    let unproven = chunk;
    const reject = (rejection: Rejection): void => {
      if (unproven === undefined) this.#reject(rejection);
      else attempt.rejections.push(rejection);
    };
    const faults: FilterFaults = {
      reject,
      nullCell: (describe) => {
        if (unproven === undefined) ctx.nullCell(describe);
        // One more, so that the log can say that there are more.
        else if (attempt.nullCells.length <= NULL_CELLS_SHOWN_MAX) attempt.nullCells.push(describe());
        else attempt.nullCellsMore += 1;
      },
    };
    const batches = parser.parse(file, { place: attempt.start, to: range.to }, reject);
    try {
      for (;;) {
        if (ctx.signal.aborted) throw STOPPED;
        const step = await batches.next();
        if (step.done === true) {
          attempt.end = step.value;
          return;
        }
        await this.#take(attempt, step.value, faults);
        if (unproven !== undefined && this.#holdsMuch(attempt)) {
          await this.#prove(attempt, unproven);
          unproven = undefined;
        }
        if (unproven === undefined && this.#held.length >= FLUSH_BYTES) await this.#flush(range.lane);
      }
    } finally {
      // Of a range that has come to its end this is nothing.
      await batches.return(attempt.end ?? { place: attempt.start, isEnd: false, isSequential: false });
    }
  }

  async #take(attempt: Attempt, batch: Batch, faults: FilterFaults): Promise<void> {
    const { filters, writer } = this.#parts;
    attempt.rowsRead += batch.rowCount;
    const filtered = await filters.apply(batch, faults);
    if (filtered === undefined) return;
    attempt.rowsWritten += filtered.rowCount;
    this.#held.writeBytes(writer.write(filtered));
  }

  #holdsMuch(attempt: Attempt): boolean {
    return this.#held.length > HELD_BYTES_MAX || attempt.rejections.length > HELD_REJECTIONS_MAX;
  }

  /** Waits for the chunk's turn and compares. */
  async #prove(attempt: Attempt, chunk: number): Promise<void> {
    const { chain } = this.#parts;
    if (!(await chain.turn(chunk))) throw STOPPED;
    if (!isSame(attempt.start, chain.place)) throw WRONG_GUESS;
    this.#settle(attempt);
  }

  /** What was held back while the attempt was not proven. */
  #settle(attempt: Attempt): void {
    this.#lines = this.#parts.chain.place.lines - attempt.start.lines;
    for (const rejection of attempt.rejections.splice(0)) this.#reject(rejection);
    const { ctx } = this.#parts;
    for (const nullCell of attempt.nullCells.splice(0)) ctx.nullCell(() => nullCell);
    ctx.countNullCells(attempt.nullCellsMore);
    attempt.nullCellsMore = 0;
  }

  #reject(rejection: Rejection): void {
    this.#parts.ctx.reject({ ...rejection, where: shifted(rejection.where, this.#lines) });
  }

  /** Makes a proven attempt count, with the turn in hand. Its output is to be written at `position`. */
  #commit(laneIndex: number, attempt: Attempt): { readonly end: RangeEnd; readonly position: number } {
    const { chain, file, writer, ctx, countRead, countWritten } = this.#parts;
    this.#settle(attempt);
    const { end, failure } = attempt;
    if (failure !== undefined) throw this.#placed(failure.error);
    assert(end, 'an attempt without a failure has come to the end of its range');
    const { bytes, summary } = writer.end();
    this.#held.writeBytes(bytes);
    const lane = chain.lane(laneIndex);
    chain.setLane(laneIndex, {
      sizeBytes: lane.sizeBytes + this.#held.length,
      summary: writer.combine(lane.summary, summary),
    });
    const before = chain.place.position;
    const after = end.isEnd ? file.sizeBytes : end.place.position;
    // Positions in a repaired text may go beyond the file.
    ctx.progress(Math.max(0, Math.min(after, file.sizeBytes) - Math.min(before, file.sizeBytes)));
    chain.place = { ...end.place, lines: end.place.lines + this.#lines };
    countRead(attempt.rowsRead);
    countWritten(attempt.rowsWritten);
    return { end, position: lane.sizeBytes };
  }

  /** Writes what a proven attempt holds, before its end. */
  async #flush(laneIndex: number): Promise<void> {
    const { chain } = this.#parts;
    const lane = chain.lane(laneIndex);
    chain.setLane(laneIndex, { ...lane, sizeBytes: lane.sizeBytes + this.#held.length });
    await this.#write(laneIndex, lane.sizeBytes);
    this.#held.clear();
  }

  async #write(lane: number, position: number): Promise<void> {
    const { order, openTarget } = this.#parts;
    if (order.addresses === null || this.#held.length === 0) return;
    let target = this.#targets.get(lane);
    if (target === undefined) {
      target = await openTarget(lane);
      this.#targets.set(lane, target);
    }
    await target.write(position, this.#held.view());
  }

  /** The error with its line counted from the top of the file. */
  #placed(error: unknown): unknown {
    if (!isRopewayError(error) || this.#lines === 0) return error;
    return new RopewayError(error.code, error, { where: shifted(error.where, this.#lines), cause: error.cause });
  }
}

function newAttempt(start: TextPlace): Attempt {
  return {
    start,
    rejections: [],
    nullCells: [],
    nullCellsMore: 0,
    rowsRead: 0,
    rowsWritten: 0,
    end: undefined,
    failure: undefined,
  };
}

function isSame(guess: TextPlace, place: TextPlace): boolean {
  return guess.position === place.position && guess.pendingLines === place.pendingLines;
}

/** Lines of a range, counted from the top of the file. */
function shifted(where: ErrorPlace, lines: number): ErrorPlace {
  return where.line === undefined ? where : { ...where, line: where.line + lines };
}
