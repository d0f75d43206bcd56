/** Plugins between files and records: where files come from and go to, and what turns bytes into records and back. */
import type { Batch } from './batch.ts';
import type { Context, TaskContext } from './context.ts';
import type { Json } from './json.ts';
import type { RangeFile, RangeParser, RangeTarget } from './ranges.ts';
import type { ConfigDiff, Report } from './records.ts';
import type { Schema } from './schema.ts';

/** Bytes in motion. A chunk is borrowed: valid until the next one is asked for. */
export type Bytes = AsyncIterable<Uint8Array>;

/** One file of a task. */
export interface SourceFile {
  /** As a person would find it: an absolute path, a URL. For messages. */
  readonly name: string;
  readonly sizeBytes?: number;
  /** Opens the file. Reading stops early when the consumer does; what was opened is closed then. */
  read(): Bytes;
}

export interface FileInput<C, T extends Json = Json> {
  /**
   * `sizeBytes`: all tasks together, when it is known; it makes the progress bar. `taskBytes`: each of them; it decides
   * which files several threads share.
   */
  plan(config: C, ctx: Context): Promise<{ tasks: readonly T[]; sizeBytes?: number; taskBytes?: readonly number[] }>;
  /** The files of one task, in order. The generator's return value is the report. */
  read(config: C, task: T, ctx: TaskContext): AsyncGenerator<SourceFile, Report>;
  /**
   * Opens the one file of a task for reading in ranges, from any thread; undefined when this file can only be read
   * from its beginning. Such a task reports nothing.
   */
  openRanges?(config: C, task: T, ctx: TaskContext): Promise<RangeFile | undefined>;
  commit?(config: C, tasks: readonly T[], reports: readonly Report[], ctx: Context): Promise<ConfigDiff>;
}

/** One file in, one file out. */
export interface StreamDecoder<C> {
  decode(config: C, bytes: Bytes, file: { readonly name: string }, ctx: TaskContext): Bytes;
}

/** A file that was in another one. */
export interface InnerFile {
  /** With the name of the outer one. For messages. */
  readonly name: string;
  readonly bytes: Bytes;
}

/** One file in, any number of files out: archives. Each is decoded further and parsed by itself. */
export interface ArchiveDecoder<C> {
  /** The files in their order. The bytes of one can be read until the next one is asked for, and need not be. */
  unpack(config: C, bytes: Bytes, file: { readonly name: string }, ctx: TaskContext): AsyncIterable<InnerFile>;
}

export type Decoder<C> = StreamDecoder<C> | ArchiveDecoder<C>;

export interface Parser<C> {
  schema(config: C): Schema;
  /** Parses one file. Bad records go to `ctx.reject`; what makes the file unreadable is thrown. */
  parse(config: C, file: { readonly name: string; readonly bytes: Bytes }, ctx: TaskContext): AsyncIterable<Batch>;
  /** A parser of ranges; undefined when these settings do not allow it. */
  openRanges?(config: C): RangeParser | undefined;
}

/** Turns batches into the bytes of one file. Returned bytes are borrowed until the next call. */
export interface FormatWriter {
  /** What precedes the first record; called once per file, also when there are no records. */
  begin(): Uint8Array;
  write(batch: Batch): Uint8Array;
  /** What follows the last record. */
  end(): Uint8Array;
}

export interface Formatter<C> {
  /** A file cannot be put together from pieces that were written apart: it is written in one go, by one thread. */
  readonly isWhole?: boolean;
  /** Checks the config against the schema; cheap and free of effects, for it is called for planning as well. */
  open(config: C, schema: Schema): FormatWriter;
}

export interface Encoder<C> {
  encode(config: C, bytes: Bytes, ctx: TaskContext): Bytes;
  /** Present when pieces of a file can be encoded apart, in other threads too, and put behind each other. */
  openPieces?(config: C): PieceEncoder;
}

/**
 * Encodes a file in pieces: the file is `head`, the pieces in order, and `tail`. What a piece becomes depends on its
 * own bytes and the model alone, not on how they are divided among calls. One piece at a time; an encoder is used for
 * any number of them, and nothing needs to be closed.
 */
export interface PieceEncoder {
  /** How many of the file's first bytes `train` would like to see; 0 when it looks at none. */
  readonly sampleBytes: number;
  /** Learns from the beginning of the file what all its pieces are encoded with: the same for the same sample. */
  train(sample: Uint8Array): Json;
  /** Precedes the first piece. */
  head(): Uint8Array;
  /** Starts a piece; one that was begun before is forgotten. */
  begin(model: Json): void;
  /** Takes the next bytes and returns what is ready, which may be nothing; borrowed until the next call. */
  write(bytes: Uint8Array): Uint8Array;
  /** Returns the rest of the piece, borrowed as well, and what the tail must know of it. */
  end(): EncodedEnd;
  /** The summary of no piece at all. */
  readonly emptySummary: PieceSummary;
  /** The summary of two neighbours as one. */
  combine(first: PieceSummary, second: PieceSummary): PieceSummary;
  /** Follows the last piece; `summary` is that of all pieces together. */
  tail(summary: PieceSummary): Uint8Array;
}

/** What the end of a file must say of its pieces: checksum and size, for example. */
export type PieceSummary = readonly number[];

/** Numbers of a summary at most: threads share them in fixed memory. */
export const PIECE_SUMMARY_MAX = 4;

export interface EncodedEnd {
  readonly bytes: Uint8Array;
  readonly summary: PieceSummary;
}

/** The files of one task. `close` or `abort` is called once; `abort` also after `close` when the task fails elsewhere. */
export interface FileSink {
  /** Starts the next file; the one before is complete. */
  nextFile(): Promise<void>;
  write(bytes: Uint8Array): Promise<void>;
  /**
   * The current file as `FileOutput.openRanges` understands it, for writing in ranges instead of by `write`; undefined
   * when it can only be written from its beginning.
   */
  rangeAddress?(): Json | undefined;
  /** All files of the task are complete. Nothing has its final name before the commit. */
  close(): Promise<Report>;
  abort(): Promise<void>;
}

export interface FileOutput<C, T extends Json = Json> {
  plan(config: C, taskCount: number, ctx: Context): Promise<T>;
  open(config: C, plan: T, ctx: TaskContext): Promise<FileSink>;
  /** Opens a file that a sink has begun for writing in ranges, from any thread. */
  openRanges?(config: C, address: Json): Promise<RangeTarget>;
  /** Once, after all tasks: makes the files visible. Must be safe to repeat after a crash in its middle. */
  commit(config: C, plan: T, reports: readonly Report[], ctx: Context): Promise<ConfigDiff>;
  cleanup?(config: C, plan: T, reports: readonly Report[], ctx: Context): Promise<void>;
}
