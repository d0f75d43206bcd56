/** Merged cells: Excel keeps the value of such a region in its first cell, and leaves the others blank. */
import type { Bytes } from '#spi/files.ts';
import { parseAddress } from './cell-address.ts';
import { excelErrors } from './errors.ts';
import type { Cell } from './sheet-reader.ts';

/** Regions of a sheet at most: they stand behind its rows, so that all must be known before the first row. */
const REGIONS_MAX = 1_000_000;
/** Bytes of an element that names a region, at most. */
const ELEMENT_BYTES_MAX = 200;

interface Region {
  readonly firstRow: number;
  readonly lastRow: number;
  readonly firstColumn: number;
  readonly lastColumn: number;
}

const element = /<(?:\w+:)?mergeCell\s[^>]{0,100}?\bref\s*=\s*["']([A-Z]+\d+):([A-Z]+\d+)["']/g;

/** The regions of a sheet in which one of the columns is, by a look at its bytes. */
export async function findMergedRegions(bytes: Bytes, columns: ReadonlySet<number>): Promise<readonly Region[]> {
  const regions: Region[] = [];
  let text = '';
  for await (const chunk of bytes) {
    // An element may be cut apart: what was behind the last one found is looked at again.
    text += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1');
    element.lastIndex = 0;
    let end = 0;
    for (let match = element.exec(text); match !== null; match = element.exec(text)) {
      end = element.lastIndex;
      const region = regionOf(match[1] ?? '', match[2] ?? '');
      if (region === undefined || !overlaps(region, columns)) continue;
      if (regions.push(region) > REGIONS_MAX) {
        throw excelErrors.error('EXCEL_TOO_LARGE', { limit: REGIONS_MAX, part: 'merged regions' });
      }
    }
    text = text.slice(Math.max(end, text.length - ELEMENT_BYTES_MAX));
  }
  return regions.sort((a, b) => a.firstRow - b.firstRow);
}

function regionOf(from: string, to: string): Region | undefined {
  const first = parseAddress(from);
  const last = parseAddress(to);
  if (first === undefined || last === undefined) return undefined;
  return { firstRow: first.row, lastRow: last.row, firstColumn: first.column, lastColumn: last.column };
}

function overlaps({ firstColumn, lastColumn }: Region, columns: ReadonlySet<number>): boolean {
  for (const column of columns) if (column >= firstColumn && column <= lastColumn) return true;
  return false;
}

/** Gives blank cells of regions the value of the first one, row by row. */
export class MergedCells {
  readonly #regions: readonly Region[];
  #next = 0;
  /** Regions that the current row is in, with the value of their first cell. */
  #open: { readonly region: Region; readonly first: Cell }[] = [];

  constructor(regions: readonly Region[]) {
    this.#regions = regions;
  }

  /** Columns that first cells are in: they must be read, too. */
  get firstColumns(): readonly number[] {
    return this.#regions.map(({ firstColumn }) => firstColumn);
  }

  fill(row: number, cells: ReadonlyMap<number, Cell>): void {
    if (this.#regions.length === 0) return;
    this.#open = this.#open.filter(({ region }) => region.lastRow >= row);
    for (;;) {
      const region = this.#regions[this.#next];
      if (region === undefined || region.firstRow > row) break;
      this.#next += 1;
      const first = cells.get(region.firstColumn);
      // When its first row is not there, neither is its value.
      if (region.firstRow === row && first !== undefined) this.#open.push({ region, first: { ...first } });
    }
    for (const { region, first } of this.#open) {
      for (const cell of cells.values()) {
        const isInside = cell.column >= region.firstColumn && cell.column <= region.lastColumn;
        if (!isInside || cell.kind !== 'blank') continue;
        cell.kind = first.kind;
        cell.text = first.text;
      }
    }
  }
}
