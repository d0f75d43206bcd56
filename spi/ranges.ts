/**
 * What plugins offer so that one large file can be read, parsed and written by several threads at once. All of it is
 * optional: without it a file goes through in one stream. The engine (`engine/split`) does the rest.
 */
import type { Batch } from './batch.ts';
import type { Rejection } from './context.ts';

/** A file any range of which can be read. */
export interface RangeFile {
  /** As a person would find it, for messages. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Fills the target with the bytes from the position on; all of it, or as far as the file goes. */
  read(position: number, target: Uint8Array): Promise<number>;
  /**
   * Present when bytes come from far away: so many ranges a thread should announce before the one that it reads. Each
   * costs memory until it is read.
   */
  readonly rangesAhead?: number;
  /** The range will be read soon, with a little before and behind it. */
  announce?(from: number, to: number): void;
  /** Throws when the file has changed since the run was planned. */
  close(): Promise<void>;
}

/** A file that several threads write to, each in its own places. */
export interface RangeTarget {
  write(position: number, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** A place between two records of a text: all that a parser must know to go on there. */
export interface TextPlace {
  /** Bytes of the text before it. */
  readonly position: number;
  /** Lines before it. */
  readonly lines: number;
  /** Lines at it that are still to be skipped (headers). */
  readonly pendingLines: number;
}

/** How a range ended. */
export interface RangeEnd {
  /** Where the first record behind the range begins. */
  readonly place: TextPlace;
  /** The text ends there. */
  readonly isEnd: boolean;
  /**
   * From `place` on only this parser can go on, range by range, for the text is not what the file holds (malformed
   * characters were replaced). Records before it have been parsed.
   */
  readonly isSequential: boolean;
}

/** Parses ranges of one file, from anywhere. One range at a time. */
export interface RangeParser {
  readonly start: TextPlace;
  /**
   * Where the first record in the range `[from, to)` probably begins, with lines counted from there; undefined when
   * nothing looks like a record. Only a guess: the engine proves it by the end of the range before.
   */
  guess(file: RangeFile, from: number, to: number): Promise<TextPlace | undefined>;
  /**
   * The records that begin at `place` or behind it, and before `to`. Bad ones go to `reject`; lines are counted from
   * the place's. What makes the file unreadable is thrown.
   */
  parse(
    file: RangeFile,
    range: { readonly place: TextPlace; readonly to: number },
    reject: (rejection: Rejection) => void,
  ): AsyncGenerator<Batch, RangeEnd>;
  close(): void;
}
