/** Columns in a kernel's memory. */
import type { Vector } from '#spi/batch.ts';
import type { Column } from '#spi/schema.ts';
import type { Kernel } from './kernel.ts';

/** An empty vector for so many rows; undefined when the kernel has no room left. */
export function kernelVector(kernel: Kernel, type: Column['type'], rows: number): Vector | undefined {
  const { buffer } = kernel.bytes;
  const arena = kernel.bytes;
  const cellsAt = kernel.allocate(rows * 8);
  const valuesAt = type === 'string' || type === 'json' ? 0 : kernel.allocate(rows * (type === 'boolean' ? 1 : 8));
  const nanosAt = type === 'timestamp' ? kernel.allocate(rows * 2) : 0;
  if (cellsAt === undefined || valuesAt === undefined || nanosAt === undefined) return undefined;
  const cells = new Uint32Array(buffer, cellsAt, rows * 2);
  switch (type) {
    case 'boolean':
      return { type, cells, arena, values: new Uint8Array(buffer, valuesAt, rows) };
    case 'long':
      return { type, cells, arena, values: new BigInt64Array(buffer, valuesAt, rows) };
    case 'double':
      return { type, cells, arena, values: new Float64Array(buffer, valuesAt, rows) };
    case 'timestamp':
      return {
        type,
        cells,
        arena,
        values: new BigInt64Array(buffer, valuesAt, rows),
        nanos: new Uint16Array(buffer, nanosAt, rows),
      };
    case 'string':
    case 'json':
      return { type, cells, arena };
  }
}
