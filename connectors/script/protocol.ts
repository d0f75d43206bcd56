/** What the filter and the process of its script say to each other. JSON in frames: its length, then its text. */
import type { ColumnType } from '#spi/schema.ts';

export type FunctionName = 'transformRow' | 'transformRows';

/** The first frame that the process gets. */
export interface ScriptStart {
  /** JavaScript. */
  readonly code: string;
  readonly functionName: FunctionName;
  readonly timeoutMs: number;
  readonly input: readonly ScriptColumn[];
  readonly output: readonly ScriptColumn[];
  readonly long: 'number' | 'bigint';
  readonly timestamp: 'instant' | 'date';
  readonly stopsAtFault: boolean;
  readonly rowsMax: number;
  readonly answerLengthMax: number;
  readonly logLinesMax: number;
  readonly logLineLengthMax: number;
}

export interface ScriptColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/**
 * A cell on its way to the script: boolean as it is; long as a number when that is exact, else as digits; double as a
 * number, NaN and infinities as text; timestamp as digits of nanoseconds since 1970; json as its text. On the way back
 * the same, and 0 for a timestamp or json cell that is that of the record that went there.
 */
export type WireCell = null | boolean | number | string;

/** Why a record cannot be used. `row` is its number in the batch. */
export interface ScriptFault {
  readonly row: number;
  readonly kind: 'threw' | 'result' | 'pending';
  readonly reason: string;
  readonly line?: number;
  readonly column?: number;
}

/** What comes back for a batch. */
export interface ScriptAnswer {
  /** Number of the record that it came of, or -1, and the cells of the output's columns. */
  readonly rows?: readonly (readonly WireCell[])[];
  readonly faults?: readonly ScriptFault[];
  readonly logs?: readonly string[];
  /** Lines that were not taken. */
  readonly logsMore?: number;
  /** There is more than may be given. */
  readonly isTooMuch?: true;
  readonly isTimeout?: true;
  /** Of the beginning: it threw, or it is no JavaScript after all. */
  readonly threw?: Omit<ScriptFault, 'row' | 'kind'>;
}

/** The file name by which places in the script are found in stack traces. */
export const SCRIPT_NAME = 'ropeway-script';
