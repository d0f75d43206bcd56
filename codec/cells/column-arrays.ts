/** The arrays of a vector that is being filled from texts, in one shape for all types. */
import type { Timestamp, Vector } from '#spi/batch.ts';
import type { Column } from '#spi/schema.ts';
import { halvesOf, setLong, setSafeLong } from '#codec/number/long.ts';

const noBytes = new Uint8Array(0);
const noCells = new Uint32Array(0);
const noDoubles = new Float64Array(0);
const noNanos = new Uint16Array(0);

/** Seconds whose microseconds a double holds exactly. */
const SAFE_SECONDS = 9_000_000_000;

/** The arrays of a vector, with empty ones for those it has not: one shape for all types, which loops read faster. */
export interface ColumnArrays {
  readonly type: Column['type'];
  readonly cells: Uint32Array;
  /** Of longs and timestamps. */
  readonly halves: Uint32Array;
  readonly doubles: Float64Array;
  readonly booleans: Uint8Array;
  readonly nanos: Uint16Array;
}

export function arraysOf(vector: Vector): ColumnArrays {
  const { type, cells } = vector;
  return {
    type,
    cells,
    halves: type === 'long' || type === 'timestamp' ? halvesOf(vector.values) : noCells,
    doubles: type === 'double' ? vector.values : noDoubles,
    booleans: type === 'boolean' ? vector.values : noBytes,
    nanos: type === 'timestamp' ? vector.nanos : noNanos,
  };
}

export function setTime({ halves, nanos }: ColumnArrays, row: number, time: Timestamp): void {
  const micros = Math.floor(time.nanos / 1000);
  if (Math.abs(time.seconds) <= SAFE_SECONDS) setSafeLong(halves, row, time.seconds * 1_000_000 + micros);
  else setLong(halves, row, BigInt(time.seconds) * 1_000_000n + BigInt(micros));
  nanos[row] = time.nanos - micros * 1000;
}
