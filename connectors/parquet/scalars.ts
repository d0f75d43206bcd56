/** What the values of a column are: the physical type with the annotations of both generations of the format. */
import type { SchemaElement } from 'hyparquet';
import type { ColumnType } from '#spi/schema.ts';

export type ScalarKind =
  | { readonly kind: 'boolean' | 'double' | 'half' | 'text' | 'json' | 'date' | 'uuid' | 'interval' | 'bytes' | 'null' }
  | { readonly kind: 'integer'; readonly unsignedBits: 0 | 32 | 64 }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'time' | 'timestamp'; readonly unitsPerSecond: bigint }
  | { readonly kind: 'unsupported' };

export type Scalar = ScalarKind & {
  /** As the format calls it, for messages. */
  readonly title: string;
  /** The type that holds every value, or nearly every one. */
  readonly natural: ColumnType;
};

const units = { MILLIS: 1000n, MICROS: 1_000_000n, NANOS: 1_000_000_000n } as const;
const MILLIS = 1000n;
const MICROS = 1_000_000n;
const NANOS = 1_000_000_000n;
/** Digits that every long has room for. */
const LONG_DIGITS = 18;

export function scalarOf(element: SchemaElement): Scalar {
  const kind = kindOf(element);
  return { ...kind, title: titleOf(element), natural: naturalOf(kind) };
}

function kindOf(element: SchemaElement): ScalarKind {
  const { type, logical_type: logical } = element;
  // Anything annotated as NULL has no values at all.
  if (logical?.type === 'NULL') return { kind: 'null' };
  switch (type) {
    case 'BOOLEAN':
      return { kind: 'boolean' };
    case 'INT32':
    case 'INT64':
      return integerKind(element);
    case 'INT96':
      // Only ever used for instants.
      return { kind: 'timestamp', unitsPerSecond: NANOS };
    case 'FLOAT':
    case 'DOUBLE':
      return { kind: 'double' };
    case 'BYTE_ARRAY':
    case 'FIXED_LEN_BYTE_ARRAY':
      return bytesKind(element);
    default:
      return { kind: 'unsupported' };
  }
}

function integerKind(element: SchemaElement): ScalarKind {
  const { converted_type: converted, logical_type: logical } = element;
  const decimal = decimalKind(element);
  if (decimal !== undefined) return decimal;
  if (logical?.type === 'TIMESTAMP') return { kind: 'timestamp', unitsPerSecond: units[logical.unit] };
  if (logical?.type === 'TIME') return { kind: 'time', unitsPerSecond: units[logical.unit] };
  switch (converted) {
    case 'TIMESTAMP_MILLIS':
      return { kind: 'timestamp', unitsPerSecond: MILLIS };
    case 'TIMESTAMP_MICROS':
      return { kind: 'timestamp', unitsPerSecond: MICROS };
    case 'TIME_MILLIS':
      return { kind: 'time', unitsPerSecond: MILLIS };
    case 'TIME_MICROS':
      return { kind: 'time', unitsPerSecond: MICROS };
    case 'DATE':
      return { kind: 'date' };
    default:
      if (logical?.type === 'DATE') return { kind: 'date' };
      return { kind: 'integer', unsignedBits: isUnsigned(element) ? (element.type === 'INT32' ? 32 : 64) : 0 };
  }
}

function isUnsigned({ converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  return converted?.startsWith('UINT_') === true || (logical?.type === 'INTEGER' && !logical.isSigned);
}

function bytesKind(element: SchemaElement): ScalarKind {
  const { converted_type: converted, logical_type: logical } = element;
  const decimal = decimalKind(element);
  if (decimal !== undefined) return decimal;
  // Both generations use the same words but for texts.
  const kind = byteKinds[converted ?? logical?.type ?? ''] ?? byteKinds[logical?.type ?? ''] ?? 'bytes';
  return { kind };
}

const byteKinds: Readonly<Record<string, 'text' | 'json' | 'interval' | 'uuid' | 'half' | 'unsupported' | undefined>> =
  {
    UTF8: 'text',
    STRING: 'text',
    ENUM: 'text',
    JSON: 'json',
    INTERVAL: 'interval',
    UUID: 'uuid',
    FLOAT16: 'half',
    BSON: 'unsupported',
    VARIANT: 'unsupported',
    GEOMETRY: 'unsupported',
    GEOGRAPHY: 'unsupported',
  };

function decimalKind({
  converted_type: converted,
  logical_type: logical,
  ...element
}: SchemaElement): ScalarKind | undefined {
  if (logical?.type === 'DECIMAL') return { kind: 'decimal', precision: logical.precision, scale: logical.scale };
  if (converted !== 'DECIMAL') return undefined;
  return { kind: 'decimal', precision: element.precision ?? Infinity, scale: element.scale ?? 0 };
}

function naturalOf(kind: ScalarKind): ColumnType {
  if (kind.kind === 'decimal') return kind.scale === 0 && kind.precision <= LONG_DIGITS ? 'long' : 'string';
  return naturalTypes[kind.kind];
}

const naturalTypes: Readonly<Record<Exclude<ScalarKind['kind'], 'decimal'>, ColumnType>> = {
  boolean: 'boolean',
  integer: 'long',
  double: 'double',
  half: 'double',
  timestamp: 'timestamp',
  date: 'timestamp',
  json: 'json',
  interval: 'json',
  text: 'string',
  uuid: 'string',
  bytes: 'string',
  time: 'string',
  null: 'string',
  unsupported: 'string',
};

function titleOf({ type, converted_type: converted, logical_type: logical, precision, scale }: SchemaElement): string {
  const annotation = converted ?? logical?.type;
  const digits = annotation === 'DECIMAL' ? `(${precision ?? '?'}, ${scale ?? 0})` : '';
  return annotation === undefined ? String(type) : `${annotation}${digits}`;
}
