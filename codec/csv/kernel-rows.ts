/**
 * Rows by the kernel. It reads the structure and the common values; cells whose text it does not know (odd numbers,
 * times, JSON) are converted here. A cell that is not of its column's type ends the rows before its record, which is
 * then the other machines' affair.
 */
import { CELL_LENGTH_MASK, CELL_NULL } from '#spi/batch.ts';
import type { CsvKernel } from '#codec/wasm/csv-kernel.ts';
import type { CellColumns } from './cell-columns.ts';
import type { TextMemory } from './text-memory.ts';

/** Rows read at once behind a bad record: rows read behind the next one are read for nothing. */
const CAREFUL_ROWS = 8;

/** Records that begin before `end`, in the rows before `rowsMax` of the batch. */
export interface RowsLimit {
  readonly end: number;
  readonly rowsMax: number;
}

export class KernelRows {
  /** Physical lines of the records read last. */
  lines = 0;
  readonly #kernel: CsvKernel;
  readonly #cells: CellColumns;
  readonly #memory: TextMemory;
  /** Rows read at once; doubles as long as records are good. */
  #burst = Infinity;

  constructor(kernel: CsvKernel, cells: CellColumns, memory: TextMemory) {
    this.#kernel = kernel;
    this.#cells = cells;
    this.#memory = memory;
  }

  /**
   * Reads records from the position on, behind the rows of the batch, up to the limit or a record that is not for the
   * kernel. Returns the position behind them.
   */
  read(position: number, { end, rowsMax }: RowsLimit, isLast: boolean): number {
    const kernel = this.#kernel;
    const cells = this.#cells;
    const memory = this.#memory;
    this.lines = 0;
    let at = position;
    for (;;) {
      const from = cells.row;
      const rowMax = Math.min(rowsMax, from + this.#burst);
      if (from >= rowMax || at >= end) return at;
      const text = { end: memory.end, isLast, sideEnd: memory.sideEnd, sideLimit: memory.limit };
      const isUnknown = kernel.parse({ position: at, limit: end, row: from, rowMax }, text);
      memory.sideEnd = kernel.sideEnd;
      const bad = this.#convertDeferred();
      if (bad !== undefined) {
        this.#burst = CAREFUL_ROWS;
        this.lines += bad - from + kernel.breaksBetween(from, bad);
        cells.row = bad;
        return kernel.rowStart(bad);
      }
      this.lines += kernel.row - from + kernel.breaks;
      cells.row = kernel.row;
      this.#burst *= 2;
      at = kernel.position;
      if (isUnknown) return at;
    }
  }

  /** Converts the cells that the kernel has left; returns the row of the first that is not of its type. */
  #convertDeferred(): number | undefined {
    const kernel = this.#kernel;
    const cells = this.#cells;
    for (let index = 0; index < kernel.deferredCount; index++) {
      const row = kernel.deferredRow(index);
      const column = kernel.deferredColumn(index);
      const words = cells.vectors[column]?.cells ?? noCells; // the kernel names columns of the schema
      const start = words[row * 2] as number;
      const word = words[row * 2 + 1] as number;
      if (word & CELL_NULL) continue;
      cells.row = row;
      const length = word & CELL_LENGTH_MASK;
      if (!cells.set(column, start, start + length, (word & ~CELL_LENGTH_MASK) >>> 0)) return row;
    }
    return undefined;
  }
}

const noCells = new Uint32Array(0);
