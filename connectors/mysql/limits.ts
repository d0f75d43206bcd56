/** What fits into a column. */
import type { TargetColumn } from './target-columns.ts';

export interface Range {
  readonly min: bigint;
  readonly max: bigint;
  /** How zero is written where it is beside the range. */
  readonly zero?: string;
}

const integerBits: Readonly<Record<string, number>> = { tinyint: 8, smallint: 16, mediumint: 24, int: 32, bigint: 64 };

/** The whole numbers that a column takes; undefined when it is not one of them. */
export function integerRange({ kind, typeName, isUnsigned, lengthMax }: TargetColumn): Range | undefined {
  if (kind === 'bit') return { min: 0n, max: 2n ** BigInt(lengthMax) - 1n };
  if (kind !== 'integer') return undefined;
  // Smaller ones would be taken for years of our century, and a plain zero for the year 2000.
  if (typeName === 'year') return { min: 1901n, max: 2155n, zero: '0000' };
  const bits = BigInt(integerBits[typeName] ?? 64);
  return isUnsigned ? { min: 0n, max: 2n ** bits - 1n } : { min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n };
}

interface LengthLimit {
  /** Texts of so many bytes fit, whatever they are. */
  readonly bytesFree: number;
  /** Whether a longer one does not fit. */
  isExceeded(bytes: Uint8Array, start: number, end: number): boolean;
}

const noLimit: LengthLimit = { bytesFree: Infinity, isExceeded: () => false };

/** Texts longer than the column, blanks at the end included, which the server would cut off without a word. */
export function lengthLimit({ typeName, lengthMax }: TargetColumn): LengthLimit {
  if (typeName.endsWith('text')) return { bytesFree: lengthMax, isExceeded: () => true };
  if (typeName !== 'char' && typeName !== 'varchar') return noLimit;
  return {
    bytesFree: lengthMax,
    isExceeded: (bytes, start, end) => charactersOf(bytes, start, end) > lengthMax,
  };
}

function charactersOf(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  // The first byte of each character is none of those that go on; bounded by the loop.
  for (let at = start; at < end; at++) if (((bytes[at] as number) & 0xc0) !== 0x80) count += 1;
  return count;
}
