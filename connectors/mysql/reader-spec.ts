/** What the reader of a column is made from, what it fills, and what it says about values that it cannot take. */
import { CELL_BYTES_MAX } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import type { ByteSink } from '#spi/byte-sink.ts';
import type { ColumnType } from '#spi/schema.ts';
import { halvesOf, setLong, setSafeLong } from '#codec/number/long.ts';
import { zoneOfName } from '#codec/time/zone.ts';
import type { Zone } from '#codec/time/zone.ts';
import { mysqlErrors } from './errors.ts';
import type { SourceKind, SourceType } from './source-types.ts';

// A type, not an interface: it is part of a task, which is plain JSON.
/** What the reader of a column is made from. */
export type ReaderSpec = {
  readonly name: string;
  readonly source: SourceType;
  /** What the values are read as: their own kind, unless the config wants another. */
  readonly kind: SourceKind;
  readonly type: ColumnType;
  /** For dates and times that become strings. */
  readonly format: string;
  readonly timezone: string;
  /** Zone that values without one are meant in. */
  readonly clockZone: string;
  readonly zeroDates: 'error' | 'null';
  readonly binaryFormat: 'hex' | 'base64' | 'text';
};

/** Where the cells of a column go. */
export interface CellTarget {
  /** The column without its arena. */
  readonly vector: Vector;
  /** Texts that are not in the row as they are to be. */
  readonly made: ByteSink;
  /** What is added to a place in the row's bytes to get its place in the arena. */
  readonly shift: { value: number };
}

/** Seconds whose microseconds a double holds exactly. */
const SAFE_SECONDS = 9_007_199_254;

/** What some of a column's values cannot be: shown in an error. */
const SHOWN_TEXT_MAX = 100;

export function refused(spec: ReaderSpec, value: string): Error {
  const params = { value: value.slice(0, SHOWN_TEXT_MAX), column: spec.name, target: spec.type };
  return mysqlErrors.error('MYSQL_VALUE', params, { where: { field: spec.name } });
}

export function wordsOf({ vector }: Pick<CellTarget, 'vector'>): Uint32Array {
  return 'values' in vector && vector.values instanceof BigInt64Array ? halvesOf(vector.values) : new Uint32Array(0);
}

export function checkSize({ name }: ReaderSpec, bytes: number): void {
  if (bytes <= CELL_BYTES_MAX) return;
  throw mysqlErrors.error(
    'MYSQL_CELL_SIZE',
    { column: name, bytes, limit: CELL_BYTES_MAX },
    { where: { field: name } },
  );
}

export function setMoment(halves: Uint32Array, row: number, seconds: number, micros: number): void {
  if (seconds < SAFE_SECONDS && seconds > -SAFE_SECONDS) setSafeLong(halves, row, seconds * 1e6 + micros);
  else setLong(halves, row, BigInt(seconds) * 1_000_000n + BigInt(micros));
}

/** Throws unless days that are none are to be null. */
export function checkZero({ name, zeroDates }: ReaderSpec, value: string): void {
  if (zeroDates === 'null') return;
  throw mysqlErrors.error('MYSQL_ZERO_DATE', { column: name, value }, { where: { field: name } });
}

/** The zone of clocks that are not those of UTC; instants, days and times of day have none. */
export function zoneOf({ clockZone, source, kind }: ReaderSpec): Zone | undefined {
  return clockZone === 'UTC' || source.isInstant || kind !== 'timestamp' ? undefined : zoneOfName(clockZone);
}
