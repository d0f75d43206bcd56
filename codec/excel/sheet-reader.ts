/** Reads the rows of a sheet: the cells of the columns that are asked for, as they are written. */
import type { XmlAttribute, XmlHandler } from '#codec/xml/xml-parser.ts';
import { parseAddress } from './cell-address.ts';
import { excelErrors } from './errors.ts';
import { attribute, localName } from './package-part.ts';
import { ItemText, unescapedText } from './string-items.ts';

/** What a cell holds. */
export type CellKind = 'blank' | 'number' | 'string' | 'boolean' | 'error' | 'date' | 'uncalculated';

export interface Cell {
  readonly column: number;
  kind: CellKind;
  /** As it is written; a string is its text. */
  text: string;
}

export interface SharedTexts {
  /** Undefined when there is no such text. */
  at(index: number): string | undefined;
}

export class SheetReader implements XmlHandler {
  /** Of the current row: one for each column asked for, by its number. */
  readonly cells: ReadonlyMap<number, Cell>;
  readonly #list: readonly Cell[];
  readonly #shared: SharedTexts;
  readonly #endRow: (row: number) => void;
  readonly #item = new ItemText();
  #row = 0;
  #column = 0;
  #cell: Cell | undefined;
  #type = 'n';
  #value = '';
  #hasValue = false;
  #hasFormula = false;
  #isInline = false;
  #isValue = false;

  constructor(columns: Iterable<number>, shared: SharedTexts, endRow: (row: number) => void) {
    this.#list = Array.from(new Set(columns), (column): Cell => ({ column, kind: 'blank', text: '' }));
    this.cells = new Map(this.#list.map((cell) => [cell.column, cell]));
    this.#shared = shared;
    this.#endRow = endRow;
  }

  open(name: string, attributes: readonly XmlAttribute[]): void {
    const local = localName(name);
    if (local === 'row') this.#beginRow(attributes);
    else if (local === 'c') this.#beginCell(attributes);
    else if (this.#cell !== undefined) this.#openInCell(local);
  }

  #beginRow(attributes: readonly XmlAttribute[]): void {
    const number = attribute(attributes, 'r');
    // Without a number it is the one behind the row before.
    this.#row = number === undefined ? this.#row + 1 : Number(number);
    if (!Number.isInteger(this.#row)) {
      throw excelErrors.error('EXCEL_DAMAGED', { reason: `a row has the number '${number}'` });
    }
    this.#column = 0;
    for (const cell of this.#list) {
      cell.kind = 'blank';
      cell.text = '';
    }
  }

  #beginCell(attributes: readonly XmlAttribute[]): void {
    let place: string | undefined;
    let type: string | undefined;
    for (const { name, value } of attributes) {
      if (name === 'r') place = value;
      else if (name === 't') type = value;
    }
    const address = place === undefined ? undefined : parseAddress(place);
    if (place !== undefined && address === undefined) {
      throw excelErrors.error('EXCEL_DAMAGED', { reason: `a cell has the place '${place}'` });
    }
    this.#column = address?.column ?? this.#column + 1;
    this.#cell = this.cells.get(this.#column);
    this.#type = type ?? 'n';
    this.#value = '';
    this.#hasValue = false;
    this.#hasFormula = false;
    this.#isInline = false;
  }

  #openInCell(name: string): void {
    if (name === 'v') {
      this.#hasValue = true;
      this.#isValue = true;
    } else if (name === 'f') {
      this.#hasFormula = true;
    } else if (name === 'is') {
      this.#isInline = true;
      this.#item.begin();
    } else if (this.#isInline) {
      this.#item.open(name);
    }
  }

  text(text: string): void {
    if (this.#isValue) this.#value += text;
    else if (this.#isInline) this.#item.add(text);
  }

  close(name: string): void {
    const local = localName(name);
    if (local === 'row') {
      this.#endRow(this.#row);
    } else if (this.#cell === undefined) {
      return;
    } else if (local === 'c') {
      this.#endCell(this.#cell);
      this.#cell = undefined;
    } else if (local === 'v') {
      this.#isValue = false;
    } else if (this.#isInline) {
      this.#item.close(local);
    }
  }

  #endCell(cell: Cell): void {
    if (this.#isInline) {
      cell.kind = 'string';
      cell.text = unescapedText(this.#item.text);
    } else if (this.#hasValue) {
      this.#setValue(cell);
    } else if (this.#hasFormula) {
      cell.kind = 'uncalculated';
    }
  }

  #setValue(cell: Cell): void {
    cell.text = this.#value;
    switch (this.#type) {
      case 's': {
        const text = this.#shared.at(Number(this.#value));
        if (text === undefined) {
          throw excelErrors.error('EXCEL_DAMAGED', { reason: `there is no shared string ${this.#value}` });
        }
        cell.kind = 'string';
        cell.text = text;
        return;
      }
      case 'str':
        cell.kind = 'string';
        cell.text = unescapedText(this.#value);
        return;
      case 'b':
        cell.kind = 'boolean';
        return;
      case 'e':
        cell.kind = 'error';
        return;
      case 'd':
        cell.kind = 'date';
        return;
      default:
        // Some programs write formulas with an empty value for Excel to fill in.
        if (this.#value !== '') cell.kind = 'number';
        else if (this.#hasFormula) cell.kind = 'uncalculated';
    }
  }
}
