/** Which columns the kernel reads, and how: those whose common values it reads as their readers would. */
import type { Column } from '#spi/schema.ts';
import type { KernelColumn } from '#codec/wasm/csv-kernel.ts';
import { isoDateProgram, isoTimeProgram } from '#codec/wasm/time-reading.ts';
import type { ReaderSpec } from './cell-readers.ts';

export function kernelColumn(column: Column, spec: ReaderSpec | undefined): KernelColumn {
  const { type } = column;
  switch (spec?.kind) {
    case 'long':
      return { ...column, isDeferred: type !== 'long' && type !== 'string' };
    case 'double':
      return { ...column, isDeferred: type !== 'double' };
    // The kernel reads no more digits than a double keeps.
    case 'decimal':
      return { ...column, isDeferred: type !== 'double' && type !== 'string' };
    case 'boolean':
      return { ...column, isDeferred: type !== 'boolean' };
    case 'date':
      return { ...column, timeProgram: isoDateProgram, isDeferred: type !== 'timestamp' };
    case 'timestamp':
      return { ...column, timeProgram: isoTimeProgram, isDeferred: type !== 'timestamp' };
    case 'string':
    case 'json':
      return { ...column, isDeferred: type !== 'string' };
    default:
      return { ...column, isDeferred: true };
  }
}
