/** Some rows of a batch as a batch of their own. Texts stay where they are. */
import { newVector } from './batch.ts';
import type { Batch, Vector } from './batch.ts';

/**
 * The rows with these indexes, in this order; `count` of them count. The result shares the arenas of the batch and is
 * borrowed as long as it is.
 */
export function selectRows(batch: Batch, rows: Uint32Array, count: number): Batch {
  return {
    schema: batch.schema,
    rowCount: count,
    vectors: batch.vectors.map((vector) => selected(vector, rows, count)),
  };
}

function selected(vector: Vector, rows: Uint32Array, count: number): Vector {
  const result = newVector(vector.type, count, vector.arena);
  for (let to = 0; to < count; to++) {
    const from = rows[to] as number; // bounded by the loop, as all indexes here
    result.cells[to * 2] = vector.cells[from * 2] as number;
    result.cells[to * 2 + 1] = vector.cells[from * 2 + 1] as number;
  }
  if ('values' in vector && 'values' in result) copyValues(vector.values, result.values, rows, count);
  if ('nanos' in vector && 'nanos' in result) copyValues(vector.nanos, result.nanos, rows, count);
  return result;
}

type Values = Uint8Array | BigInt64Array | Float64Array | Uint16Array;

/** Both arrays are of the same kind, for they belong to vectors of the same type. */
function copyValues(source: Values, target: Values, rows: Uint32Array, count: number): void {
  for (let to = 0; to < count; to++) target[to] = source[rows[to] as number] as never;
}
