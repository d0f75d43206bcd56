/** Columns of a config: what each of them holds, and of which column of the sheet. */
import { columnNumber, COLUMNS_MAX } from '#codec/excel/cell-address.ts';
import { excelErrors } from '#codec/excel/errors.ts';
import type { TextColumn } from '#codec/cells/text-columns.ts';
import { zoneOfName } from '#codec/time/zone.ts';
import type { Zone } from '#codec/time/zone.ts';
import { textColumns } from '#connectors/text-parsing.ts';
import type { ExcelParserConfig } from './config.ts';

/** What stands for a value: null, a text, the text of an error; or the record is left out. */
export type Fallback =
  | { readonly kind: 'exception' | 'error_code' }
  /** Null without a text. */
  | { readonly kind: 'constant'; readonly text: string | undefined };

export interface ExcelColumn extends TextColumn {
  readonly value: 'cell_value' | 'sheet_name' | 'row_number' | 'column_number' | 'constant';
  readonly constant: string | undefined;
  /** Of the sheet, from 1. */
  readonly number: number;
  /** Of dates, which have none in Excel. */
  readonly zone: Zone;
  readonly onCellError: Fallback;
  readonly onConvertError: Fallback;
}

type Written = ExcelParserConfig['columns'][number];

export function excelColumns(config: ExcelParserConfig): readonly ExcelColumn[] {
  const columns: ExcelColumn[] = [];
  for (const [index, column] of textColumns(config.columns, config).entries()) {
    const written = config.columns[index];
    if (written === undefined) break;
    const { value, constant } = valueOf(written, index);
    const number = placeOf(written, value === 'cell_value', columns, index);
    const zone = zoneOfName(column.parser?.source.timezone ?? 'UTC');
    if (zone === undefined) refuse(index, 'timezone', 'there is no such zone', 'Give an offset, UTC or a region.');
    columns.push({
      ...column,
      value,
      constant,
      number,
      zone,
      onCellError: fallbackOf(written, 'on_cell_error', index),
      onConvertError: fallbackOf(written, 'on_convert_error', index),
    });
  }
  return columns;
}

function valueOf({ value }: Written, index: number): Pick<ExcelColumn, 'value' | 'constant'> {
  switch (value) {
    case 'cell_value':
    case 'sheet_name':
    case 'row_number':
    case 'column_number':
    case 'constant':
      return { value, constant: undefined };
    default:
      if (value.startsWith(CONSTANT)) return { value: 'constant', constant: value.slice(CONSTANT.length) };
      return refuse(
        index,
        'value',
        `'${value}' is not supported`,
        'There are cell_value, sheet_name, row_number, column_number and constant.',
      );
  }
}

const CONSTANT = 'constant.';

function fallbackOf(written: Written, option: 'on_cell_error' | 'on_convert_error', index: number): Fallback {
  const text = written[option];
  if (text === 'constant') return { kind: 'constant', text: undefined };
  if (text.startsWith(CONSTANT)) return { kind: 'constant', text: text.slice(CONSTANT.length) };
  if (text === 'exception' || (text === 'error_code' && option === 'on_cell_error')) return { kind: text };
  return refuse(index, option, `'${text}' is not known`, 'There are constant, constant.X and exception.');
}

/** Relative places count from the column before, or from the one that is named. */
function placeOf(written: Written, isCell: boolean, before: readonly ExcelColumn[], index: number): number {
  const previous = before.at(-1)?.number ?? 0;
  const text = String(written.column_number ?? (isCell ? '+' : '=')).trim();
  const sign = /^[-+=]/.exec(text)?.[0];
  const place = sign === undefined ? absolutePlace(text) : relativePlace(sign, text.slice(1).trim(), before, previous);
  // What is not of a cell has a place only if it was given one.
  if (place !== undefined && place <= COLUMNS_MAX && (place >= 1 || (place === 0 && !isCell))) return place;
  const advice = 'Give letters, a number from 1, or +, - and = with a number or the name of a column before.';
  return refuse(index, 'column_number', `'${text}' is no column of a sheet`, advice);
}

function absolutePlace(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : columnNumber(text);
}

function relativePlace(
  sign: string,
  behind: string,
  before: readonly ExcelColumn[],
  previous: number,
): number | undefined {
  const direction = sign === '+' ? 1 : sign === '-' ? -1 : 0;
  if (behind === '') return previous + direction;
  if (/^\d+$/.test(behind)) return direction === 0 ? Number(behind) : previous + direction * Number(behind);
  const named = before.find(({ name }) => name === behind);
  return named === undefined ? undefined : named.number + direction;
}

function refuse(index: number, option: string, reason: string, advice: string): never {
  const path = ['columns', index, option];
  throw excelErrors.error('EXCEL_OPTION', { option: path.join('.'), reason, advice }, { where: { path } });
}
