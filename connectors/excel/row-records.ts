/** Makes records of rows: every cell becomes a value of its column's type, or what its options say. */
import { copyBatch } from '#spi/batch.ts';
import type { Batch } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import { withPlace } from '#spi/errors.ts';
import type { ErrorPlace, RopewayError } from '#spi/errors.ts';
import { TextColumns } from '#codec/cells/text-columns.ts';
import { columnLetters } from '#codec/excel/cell-address.ts';
import { excelErrors } from '#codec/excel/errors.ts';
import { serialTimestamp } from '#codec/excel/serial-date.ts';
import type { Cell } from '#codec/excel/sheet-reader.ts';
import type { ExcelColumn, Fallback } from './columns.ts';

export interface RowOptions {
  readonly columns: readonly ExcelColumn[];
  readonly isFrom1904: boolean;
  readonly skipsEmptyRows: boolean;
  readonly reject: (reason: RopewayError, place: ErrorPlace, text: string) => void;
}

const LONG_LIMIT = 2 ** 63;
const SHOWN_CHARACTERS_MAX = 1000;

const expectedOf: Readonly<Record<ExcelColumn['type'], string>> = {
  boolean: 'true or false',
  long: 'a whole number of 64 bits',
  double: 'a number',
  string: 'a text',
  timestamp: 'a date',
  json: 'JSON',
};

export class RowRecords {
  readonly #options: RowOptions;
  readonly #columns: TextColumns;
  readonly #scratch = new ByteSink(1024);
  /** Full batches that wait to be taken. */
  readonly #ready: Batch[] = [];
  #row = 0;
  #sheet = '';

  constructor(options: RowOptions) {
    this.#options = options;
    this.#columns = new TextColumns(options.columns);
  }

  beginSheet(name: string): void {
    this.#sheet = name;
  }

  *takeFull(): Generator<Batch> {
    yield* this.#ready.splice(0);
  }

  *take(): Generator<Batch> {
    const batch = this.#columns.take();
    if (batch !== undefined) yield batch;
  }

  add(row: number, cells: ReadonlyMap<number, Cell>): void {
    const { columns, skipsEmptyRows } = this.#options;
    if (skipsEmptyRows && this.#isEmpty(cells)) return;
    this.#row = row;
    this.#columns.beginRow();
    for (let index = 0; index < columns.length; index++) {
      const column = columns[index] as ExcelColumn; // bounded by the loop
      const error = this.#set(index, column, cells);
      if (error === undefined) continue;
      this.#columns.dropRow();
      this.#reject(withPlace(error, { field: column.name, column: column.number }), cells);
      return;
    }
    this.#columns.endRow();
    if (!this.#columns.isFull) return;
    const batch = this.#columns.take();
    // The next rows will lie in the same memory.
    if (batch !== undefined) this.#ready.push(copyBatch(batch));
  }

  #isEmpty(cells: ReadonlyMap<number, Cell>): boolean {
    return this.#options.columns.every(
      ({ value, number }) => value !== 'cell_value' || (cells.get(number)?.kind ?? 'blank') === 'blank',
    );
  }

  #reject(error: RopewayError, cells: ReadonlyMap<number, Cell>): void {
    const shown = this.#options.columns.map(({ number }) => cells.get(number)?.text ?? '').join('\t');
    this.#options.reject(error, { line: this.#row }, shown.slice(0, SHOWN_CHARACTERS_MAX));
  }

  #set(index: number, column: ExcelColumn, cells: ReadonlyMap<number, Cell>): RopewayError | undefined {
    switch (column.value) {
      case 'constant':
        return column.constant === undefined ? undefined : this.#setText(index, column.constant);
      case 'sheet_name':
        return this.#setText(index, this.#sheet);
      case 'row_number':
        return this.#setText(index, String(this.#row));
      case 'column_number':
        return this.#setText(index, column.type === 'string' ? columnLetters(column.number) : String(column.number));
      case 'cell_value': {
        const cell = cells.get(column.number);
        return cell === undefined || cell.kind === 'blank' ? undefined : this.#setCell(index, column, cell);
      }
    }
  }

  #setCell(index: number, column: ExcelColumn, cell: Cell): RopewayError | undefined {
    const place = `${columnLetters(column.number)}${this.#row}`;
    switch (cell.kind) {
      case 'blank':
        return undefined;
      case 'uncalculated':
        return excelErrors.error('EXCEL_NOT_CALCULATED', { cell: place, column: column.name });
      case 'error': {
        const params = { cell: place, column: column.name, error: cell.text };
        const { onCellError } = column;
        if (onCellError.kind === 'error_code') return this.#setText(index, cell.text);
        return this.#fallBack(index, onCellError, () => excelErrors.error('EXCEL_CELL_ERROR', params));
      }
      case 'string': {
        const error = this.#setText(index, cell.text);
        return error && this.#fallBack(index, column.onConvertError, () => error);
      }
      default: {
        if (this.#setValue(index, column, cell)) return undefined;
        const value = cell.kind === 'boolean' ? (cell.text === '1' ? 'TRUE' : 'FALSE') : cell.text;
        const params = { cell: place, column: column.name, value, expected: expectedOf[column.type] };
        return this.#fallBack(index, column.onConvertError, () => excelErrors.error('EXCEL_CELL_TYPE', params));
      }
    }
  }

  /** Numbers, booleans and dates; false when they are not of the column's type. */
  #setValue(index: number, column: ExcelColumn, cell: Cell): boolean {
    if (cell.kind === 'boolean') return this.#setBoolean(index, column, cell.text === '1' || cell.text === 'true');
    if (cell.kind === 'date') return this.#setDateText(index, column, cell.text);
    const value = Number(cell.text);
    if (Number.isNaN(value)) return false;
    switch (column.type) {
      case 'timestamp': {
        const time = serialTimestamp(value, column.zone, this.#options.isFrom1904);
        if (time !== undefined) this.#columns.setTimestamp(index, time);
        return time !== undefined;
      }
      case 'long':
        if (!Number.isInteger(value) || value < -LONG_LIMIT || value >= LONG_LIMIT) return false;
        return this.#setText(index, String(BigInt(value))) === undefined;
      case 'double':
        return this.#setText(index, cell.text) === undefined;
      case 'boolean':
        return this.#setText(index, value === 0 ? 'false' : 'true') === undefined;
      case 'string':
      case 'json':
        // As people see numbers: whole ones without a fraction.
        return this.#setText(index, String(value)) === undefined;
    }
  }

  #setBoolean(index: number, { type }: ExcelColumn, value: boolean): boolean {
    if (type === 'timestamp') return false;
    const isNumber = type === 'long' || type === 'double';
    return this.#setText(index, isNumber ? (value ? '1' : '0') : String(value)) === undefined;
  }

  /** ISO 8601, without a zone unless one is written. */
  #setDateText(index: number, { type, zone }: ExcelColumn, text: string): boolean {
    if (type !== 'timestamp') return type === 'string' && this.#setText(index, text) === undefined;
    const match = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?(Z|[-+]\d\d:\d\d)?$/.exec(text);
    const millis = Date.parse(`${match?.[1]}${match?.[2] ?? 'T00:00'}${match?.[3] ?? 'Z'}`);
    if (match === null || Number.isNaN(millis)) return false;
    const local = Math.floor(millis / 1000);
    const seconds = match[3] === undefined ? local - zone.offsetAtLocal(local) : local;
    this.#columns.setTimestamp(index, { seconds, nanos: (millis - local * 1000) * 1_000_000 });
    return true;
  }

  #fallBack(index: number, fallback: Fallback, error: () => RopewayError): RopewayError | undefined {
    if (fallback.kind !== 'constant') return error();
    if (fallback.text !== undefined) return this.#setText(index, fallback.text);
    this.#columns.setNull(index);
    return undefined;
  }

  #setText(index: number, text: string): RopewayError | undefined {
    const scratch = this.#scratch;
    scratch.clear();
    scratch.writeString(text);
    return this.#columns.set(index, scratch.bytes, 0, scratch.length);
  }
}
