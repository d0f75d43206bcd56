/** What a running plugin is given by the engine. */
import type { ErrorPlace, RopewayError } from './errors.ts';
import type { Json } from './json.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** Fields of a log line: values go here, never into the sentence. */
export type LogFields = Readonly<Record<string, Json | bigint | undefined>>;

/**
 * One logger for operators and for users. `info`: what was asked is done; `warn`: odd, recovered; `error`: data lost
 * or a person is needed. A static sentence and fields; never once per row.
 */
export interface Logger {
  error(sentence: string, fields?: LogFields): void;
  warn(sentence: string, fields?: LogFields): void;
  info(sentence: string, fields?: LogFields): void;
  debug(sentence: string, fields?: LogFields): void;
}

export interface Context {
  readonly log: Logger;
  /** Aborts when the run is to stop. Long waits take it; loops check `signal.aborted`. */
  readonly signal: AbortSignal;
  /** A folder of this run, removed at its end. Made on first use. */
  tempDir(): Promise<string>;
  /** The run's time: one instant for the whole transaction, whatever the clock does meanwhile. */
  readonly transactionTime: Date;
  /** True for a preview: read as little as is needed. */
  readonly isPreview: boolean;
}

/** A record that was left out, as data: where it stood, why, and its text as evidence (shortened by the engine). */
export interface Rejection {
  readonly reason: RopewayError;
  readonly where: ErrorPlace;
  readonly text?: string;
}

export interface TaskContext extends Context {
  readonly taskIndex: number;
  /** Leaves one record out. Throws when the run is not to go on after it. */
  reject(rejection: Rejection): void;
  /** Bytes read from the source since the last call, for the progress display. */
  progress(bytes: number): void;
}
