/** What can be wrong with a workbook, and with its cells. */
import { errorCatalogue } from '#spi/errors.ts';

export const excelErrors = errorCatalogue({
  EXCEL_NOT_THIS: {
    kind: 'data',
    message: 'The file is no workbook of Excel (.xlsx).',
    hint: 'Is it CSV, and only named .xlsx? `ropeway guess` finds out what a file is.',
  },
  EXCEL_OLD_OR_ENCRYPTED: {
    kind: 'data',
    message: 'The file is a workbook in the old format (.xls), or one with a password.',
    hint: 'Save it as .xlsx without a password.',
  },
  EXCEL_DAMAGED: {
    kind: 'data',
    message: 'The workbook is damaged: {reason}.',
    hint: 'Open it in Excel and save it again; if other programs read it, please report what wrote it.',
  },
  EXCEL_TOO_LARGE: {
    kind: 'data',
    message: 'The workbook has more than {limit} {part}.',
    hint: 'Split the workbook, or save the sheet as CSV.',
  },
  EXCEL_SHEET_MISSING: {
    kind: 'data',
    message: "The workbook has no sheet '{sheet}'.",
    hint: 'Its sheets are: {sheets}.',
  },
  EXCEL_CELL_ERROR: {
    kind: 'data',
    message: "The cell {cell} of the column '{column}' holds the error {error}.",
    hint: 'Set `on_cell_error` of the column: constant for null, constant.X for X, error_code for the text of the error.',
  },
  EXCEL_NOT_CALCULATED: {
    kind: 'data',
    message: "The cell {cell} of the column '{column}' holds a formula that was never calculated.",
    hint: 'Open the workbook in Excel and save it: formulas are not calculated here.',
  },
  EXCEL_CELL_TYPE: {
    kind: 'data',
    message: "The cell {cell} of the column '{column}' holds {value}, which is not {expected}.",
    hint: 'Make the column a string or a double, or set its `on_convert_error`.',
  },
  EXCEL_OPTION: {
    kind: 'config',
    message: "The option '{option}' is not acceptable: {reason}.",
    hint: '{advice}',
  },
});
