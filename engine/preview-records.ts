/** The records of a preview, cell by cell, and as JSON: what terminals and forms show is made of this. */
import { valueAt } from '#spi/batch.ts';
import type { Timestamp, Vector } from '#spi/batch.ts';
import { formatDouble } from '#codec/number/double.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import type { Preview } from './preview.ts';

/** Each record as what `cell` makes of its cells, by column order. */
export function previewRows<T>(preview: Preview, cell: (vector: Vector, row: number) => T): T[][] {
  return preview.batches.flatMap((batch) =>
    Array.from({ length: batch.rowCount }, (_, row) => batch.vectors.map((vector) => cell(vector, row))),
  );
}

/** Records as JSON values; longs as text where JavaScript numbers would not hold them. */
export function previewRecords(preview: Preview): unknown[][] {
  return previewRows(preview, jsonValue);
}

function jsonValue(vector: Vector, row: number): unknown {
  const value = valueAt(vector, row);
  if (value === null) return null;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (isTimestamp(value)) return `${timeText(value).replace(' ', 'T')}Z`;
  if (vector.type === 'json' && typeof value === 'string') return JSON.parse(value) as unknown;
  if (typeof value === 'number' && !Number.isFinite(value)) return scalarText(value);
  return value;
}

export function scalarText(value: boolean | bigint | number | string | Timestamp): string {
  return typeof value === 'number' ? formatDouble(value) : String(value);
}

export function isTimestamp(value: unknown): value is Timestamp {
  return typeof value === 'object' && value !== null && 'seconds' in value;
}

const formatter = timestampFormatter('%Y-%m-%d %H:%M:%S', 'UTC');

/** `2015-01-02 03:04:05.123`, in UTC. */
export function timeText(value: Timestamp): string {
  return formatter.format(value.seconds, value.nanos) + fraction(value);
}

/** `.123`, `.123456`, `.123456789` or nothing: as many groups of three digits as it takes. */
function fraction({ nanos }: Timestamp): string {
  if (nanos === 0) return '';
  const digits = String(nanos).padStart(9, '0');
  if (nanos % 1_000_000 === 0) return `.${digits.slice(0, 3)}`;
  return nanos % 1000 === 0 ? `.${digits.slice(0, 6)}` : `.${digits}`;
}
