/** Columns whose values are other than their types in SQL say: what kysely reads and writes. */
import type { ColumnType } from 'kysely';

/** ISO text in UTC with six decimals. */
export type Instant = string;
/** Decimal text of an SQL bigint. */
export type Bigint = ColumnType<string, string | number | bigint, string | number | bigint>;
export type NullableBigint = ColumnType<
  string | null,
  string | number | bigint | null | undefined,
  string | number | bigint | null
>;
/** Read as a value, written as text (`json()` of `values.ts`). */
export type Json<T = JsonObject> = ColumnType<T, string, string>;
export type GeneratedJson<T = JsonObject> = ColumnType<T, string | undefined, string>;
export type NullableJson<T = JsonObject> = ColumnType<T | null, string | null | undefined, string | null>;

type JsonObject = Readonly<Record<string, unknown>>;
