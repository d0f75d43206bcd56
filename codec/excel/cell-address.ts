/** Places of cells as Excel writes them: `AB12`. Columns and rows count from 1. */

/** Columns of a sheet (XFD). */
export const COLUMNS_MAX = 16_384;

export interface CellAddress {
  readonly column: number;
  readonly row: number;
}

/** The number of the column with these letters; undefined when there is none. */
export function columnNumber(letters: string): number | undefined {
  if (!/^[A-Za-z]{1,3}$/.test(letters)) return undefined;
  let number = 0;
  for (const letter of letters.toUpperCase()) number = number * 26 + letter.charCodeAt(0) - 64;
  return number <= COLUMNS_MAX ? number : undefined;
}

export function columnLetters(column: number): string {
  let letters = '';
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  }
  return letters;
}

export function parseAddress(text: string): CellAddress | undefined {
  const match = /^([A-Z]{1,3})([1-9]\d{0,6})$/.exec(text);
  const column = columnNumber(match?.[1] ?? '');
  return match === null || column === undefined ? undefined : { column, row: Number(match[2]) };
}
