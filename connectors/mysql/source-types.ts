/** What the columns of a result are: kinds of values, how they come over the wire, and names for them in configs. */
import type { ColumnType } from '#spi/schema.ts';

/** What a value is. */
export type SourceKind =
  | 'boolean'
  | 'long'
  | 'float'
  | 'double'
  | 'decimal'
  | 'string'
  | 'binary'
  | 'geometry'
  | 'json'
  | 'date'
  | 'time'
  | 'timestamp';

/** How the bytes of a value are laid out in a row of the binary protocol. */
export type WireKind =
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float'
  | 'double'
  | 'text'
  | 'bytes'
  | 'bits'
  | 'moment'
  | 'time'
  | 'null';

/** A column of a prepared statement, as far as its type goes. */
interface Field {
  readonly type: number;
  readonly flags: number;
  readonly length: number;
  readonly decimals: number;
  readonly isBinary: boolean;
  readonly extendedType: string | undefined;
}

// A type, not an interface: it is part of a task, which is plain JSON.
export type SourceType = {
  readonly kind: SourceKind;
  readonly wire: WireKind;
  readonly isUnsigned: boolean;
  /** Digits of the fraction of a second. */
  readonly fraction: number;
  /** A TIMESTAMP, which is an instant. A DATETIME is what a clock shows. */
  readonly isInstant: boolean;
  /** Names by which `default_column_options` may mean it, in upper case. */
  readonly names: readonly string[];
};

/** The column type of a kind when the config gives none. */
export const defaultTypes: Readonly<Record<SourceKind, ColumnType>> = {
  boolean: 'boolean',
  long: 'long',
  float: 'double',
  double: 'double',
  decimal: 'double',
  string: 'string',
  binary: 'string',
  geometry: 'string',
  json: 'json',
  date: 'timestamp',
  time: 'timestamp',
  timestamp: 'timestamp',
};

type Basics = readonly [kind: SourceKind, wire: WireKind, ...names: string[]];

/** By the number of the type in the protocol; the first name is JDBC's. */
const known: Readonly<Record<number, Basics>> = {
  0: ['decimal', 'text', 'DECIMAL', 'NUMERIC'],
  1: ['long', 'int8', 'TINYINT'],
  2: ['long', 'int16', 'SMALLINT'],
  3: ['long', 'int32', 'INTEGER', 'INT'],
  4: ['float', 'float', 'REAL', 'FLOAT'],
  5: ['double', 'double', 'DOUBLE'],
  6: ['string', 'null', 'NULL'],
  7: ['timestamp', 'moment', 'TIMESTAMP'],
  8: ['long', 'int64', 'BIGINT'],
  9: ['long', 'int32', 'INTEGER', 'MEDIUMINT'],
  10: ['date', 'moment', 'DATE'],
  11: ['time', 'time', 'TIME'],
  12: ['timestamp', 'moment', 'TIMESTAMP', 'DATETIME'],
  13: ['long', 'int16', 'YEAR'],
  14: ['date', 'moment', 'DATE'],
  16: ['long', 'bits', 'BIT'],
  242: ['binary', 'bytes', 'VECTOR'],
  245: ['json', 'text', 'JSON'],
  246: ['decimal', 'text', 'DECIMAL', 'NUMERIC'],
  255: ['geometry', 'bytes', 'GEOMETRY'],
};

const TIMESTAMP_TYPE = 7;
const BIT_TYPE = 16;
const TINY_TYPE = 1;
const DOUBLE_TYPE = 5;
const UNSIGNED_FLAG = 32;
const ENUM_FLAG = 256;
const SET_FLAG = 2048;
/** What stands for "as many as needed" in the number of decimals. */
const ANY_DECIMALS = 31;

const blobTypes: ReadonlySet<number> = new Set([249, 250, 251, 252]);

export function sourceType(field: Field): SourceType {
  const [kind, wire, ...names] = basicsOf(field);
  return {
    kind,
    wire,
    isUnsigned: (field.flags & UNSIGNED_FLAG) !== 0 || field.type === 13,
    fraction: field.type !== DOUBLE_TYPE && field.decimals < ANY_DECIMALS ? field.decimals : 0,
    isInstant: field.type === TIMESTAMP_TYPE,
    names,
  };
}

/** How values of a type are laid out; texts of all lengths, and bytes, are alike. */
export function wireOf(type: number): WireKind {
  const wire = known[type]?.[1] ?? 'text';
  return wire === 'bytes' || wire === 'bits' ? 'text' : wire;
}

function basicsOf(field: Field): Basics {
  const { type, flags, length, isBinary, extendedType } = field;
  // TINYINT(1) and BIT(1) are how MySQL spells booleans, and what JDBC reads as such.
  if (type === TINY_TYPE && length === 1) return ['boolean', 'int8', 'BIT', 'BOOLEAN', 'TINYINT'];
  if (type === BIT_TYPE && length === 1) return ['boolean', 'bits', 'BIT', 'BOOLEAN'];
  const basics = known[type];
  if (basics !== undefined) return basics;
  if (extendedType === 'json') return ['json', 'text', 'JSON', 'LONGVARCHAR'];
  if ((flags & ENUM_FLAG) !== 0) return ['string', 'text', 'CHAR', 'ENUM'];
  if ((flags & SET_FLAG) !== 0) return ['string', 'text', 'CHAR', 'SET'];
  const isBlob = blobTypes.has(type);
  if (isBinary && extendedType === undefined) {
    return ['binary', 'bytes', isBlob ? 'LONGVARBINARY' : 'VARBINARY', isBlob ? 'BLOB' : 'BINARY'];
  }
  const names = extendedType === undefined ? [] : [extendedType.toUpperCase()];
  return ['string', 'text', isBlob ? 'LONGVARCHAR' : 'VARCHAR', isBlob ? 'TEXT' : 'CHAR', ...names];
}
