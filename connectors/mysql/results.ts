/** What statements give, as the driver tells it and as we want it. */
import type { ResultSetHeader } from 'mysql2';
import { mysqlErrors } from './errors.ts';
import type { WireType } from './row-stream.ts';
import { wireOf } from './source-types.ts';

/** Values of a result as texts. */
export type TextRow = readonly (string | null)[];

export interface QueryResult {
  readonly rows: readonly TextRow[];
  /** Rows that the statement touched. */
  readonly count: number;
}

/** A column of a prepared statement. */
export interface ResultField extends WireType {
  readonly name: string;
  readonly length: number;
  readonly decimals: number;
  readonly isBinary: boolean;
  /** What MariaDB says beyond the type: `json`, `uuid`, `inet6`. */
  readonly extendedType: string | undefined;
}

/** What the driver knows of a column, apart from what its types say. */
export interface FieldDefinition {
  readonly name: string;
  readonly columnType: number;
  readonly flags: number;
  readonly characterSet: number;
  readonly columnLength: number;
  readonly decimals: number;
  readonly extendedTypeName?: string;
  readonly extendedFormat?: string;
}

/** The character set of bytes that are no text. */
const BINARY_CHARSET = 63;

/** A single result has its columns, several have lists of them. */
export function queryResult(results: unknown, fields: unknown): QueryResult {
  const isMany = Array.isArray(fields) && fields.some((field) => field === undefined || Array.isArray(field));
  // The driver gives rows as lists, because it was asked to, or a header without rows.
  const last = (isMany ? (results as unknown[]).at(-1) : results) as TextRow[] | ResultSetHeader;
  if (Array.isArray(last)) return { rows: last, count: last.length };
  return { rows: [], count: last.affectedRows };
}

export function resultField(definition: FieldDefinition): ResultField {
  return {
    name: definition.name,
    type: definition.columnType,
    flags: definition.flags,
    length: definition.columnLength,
    decimals: definition.decimals,
    isBinary: definition.characterSet === BINARY_CHARSET,
    extendedType: definition.extendedFormat ?? definition.extendedTypeName,
  };
}

/** What decides how a value is read. */
function isSameType(field: ResultField, type: WireType | undefined): boolean {
  if (type === undefined || wireOf(field.type) !== wireOf(type.type)) return false;
  return ((field.flags ^ type.flags) & UNSIGNED_FLAG) === 0;
}

const UNSIGNED_FLAG = 32;

export function checkTypes(fields: readonly ResultField[], types: readonly WireType[]): void {
  const isSame = fields.every((field, index) => isSameType(field, types[index]));
  if (fields.length !== types.length || !isSame) throw mysqlErrors.error('MYSQL_COLUMNS_CHANGED');
}
