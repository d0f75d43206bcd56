/** The answer of a script as a batch. Nothing in it is trusted: a script that got out of its bounds might write it. */
import { timestampAt } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import { columnIndex } from '#spi/schema.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { VectorBuilder } from '#spi/vector-builder.ts';
import { copyText } from '#codec/cells/scalar.ts';
import { canonicalizeWholeJson } from '#codec/json/canonical.ts';
import { timestampOfNanos } from '#codec/time/units.ts';
import { scriptErrors } from './errors.ts';

interface Target {
  readonly column: Column;
  readonly builder: VectorBuilder;
  /** The column of the input whose cells may stay as they are; -1 when there is none. */
  readonly source: number;
}

const digits = /^-?\d{1,25}$/;
const LONG_MAX = 2n ** 63n - 1n;

export class AnswerReader {
  readonly #schema: Schema;
  readonly #targets: readonly Target[];

  constructor(input: Schema, output: Schema) {
    this.#schema = output;
    this.#targets = output.columns.map((column) => {
      const source = columnIndex(input, column.name);
      const isKept = input.columns[source]?.type === column.type;
      return { column, builder: new VectorBuilder(column.type), source: isKept ? source : -1 };
    });
  }

  /** The records that the script gave for the batch; borrowed until the next call. */
  read(rows: readonly unknown[], batch: Batch): Batch {
    for (const { builder } of this.#targets) builder.begin(rows.length);
    for (const [row, cells] of rows.entries()) {
      if (!Array.isArray(cells) || cells.length !== this.#targets.length + 1) return nonsense('a record');
      const from: unknown = cells[0];
      if (!isIndex(from, batch.rowCount)) return nonsense('the number of a record');
      for (let at = 0; at < this.#targets.length; at++) {
        const cell: unknown = cells[at + 1];
        if (cell === null) continue;
        const target = this.#targets[at] as Target; // bounded by the loop
        const source = cell === 0 && from >= 0 ? batch.vectors[target.source] : undefined;
        if (!setCell(target, row, cell, source === undefined ? undefined : { vector: source, from })) {
          return nonsense(`the column '${target.column.name}'`);
        }
      }
    }
    return { schema: this.#schema, rowCount: rows.length, vectors: this.#targets.map(({ builder }) => builder.take()) };
  }
}

function isIndex(value: unknown, count: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= -1 && value < count;
}

export function nonsense(what: string): never {
  throw scriptErrors.error('SCRIPT_DIED', { reason: `its answer makes no sense (${what})` });
}

interface Source {
  readonly vector: Vector;
  readonly from: number;
}

/** False when the cell is none of the column. */
function setCell(target: Target, row: number, cell: unknown, source: Source | undefined): boolean {
  const { builder } = target;
  switch (target.column.type) {
    case 'boolean':
      if (typeof cell === 'boolean') builder.setBoolean(row, cell);
      return typeof cell === 'boolean';
    case 'long':
      return setLong(builder, row, cell);
    case 'double': {
      const value = typeof cell === 'string' ? Number(cell) : cell;
      if (typeof value === 'number') builder.setDouble(row, value);
      return typeof value === 'number';
    }
    case 'string':
      if (typeof cell === 'string') builder.setString(row, cell);
      return typeof cell === 'string';
    case 'timestamp':
      return setTimestamp(builder, row, cell, source);
    case 'json':
      return setJson(builder, row, cell, source);
  }
}

function setLong(builder: VectorBuilder, row: number, cell: unknown): boolean {
  const isLong = Number.isSafeInteger(cell) || (typeof cell === 'string' && digits.test(cell));
  if (!isLong) return false;
  const value = BigInt(cell as number | string);
  if (value > LONG_MAX || value < -LONG_MAX - 1n) return false;
  builder.setLong(row, value);
  return true;
}

function setTimestamp(builder: VectorBuilder, row: number, cell: unknown, source: Source | undefined): boolean {
  if (source?.vector.type === 'timestamp') {
    builder.setTimestamp(row, timestampAt(source.vector, source.from));
    return true;
  }
  const time = typeof cell === 'string' && digits.test(cell) ? timestampOfNanos(BigInt(cell)) : undefined;
  if (time !== undefined) builder.setTimestamp(row, time);
  return time !== undefined;
}

function setJson(builder: VectorBuilder, row: number, cell: unknown, source: Source | undefined): boolean {
  if (source !== undefined) {
    copyText(builder, row, source.vector, source.from);
    return true;
  }
  if (typeof cell !== 'string') return false;
  const bytes = Buffer.from(cell);
  const start = builder.arena.length;
  const flags = canonicalizeWholeJson(bytes, 0, bytes.length, builder.arena);
  if (flags < 0) return false;
  builder.setText(row, start, flags);
  return true;
}
