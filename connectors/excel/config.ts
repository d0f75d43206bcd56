import { z } from 'zod';
import { option, parserColumn, timestampParsingFields } from '#spi/fields.ts';

const excelColumn = parserColumn().extend({
  value: option(z.string().default('cell_value'), {
    title: 'Value',
    description:
      'What the column holds: cell_value, sheet_name, row_number or column_number (from 1), constant.X for the text X, or constant for null.',
    examples: ['cell_value', 'sheet_name', 'constant.2026'],
    'x-variables': 'text',
  }),
  column_number: option(z.union([z.string(), z.number().int()]).optional(), {
    title: 'Column of the sheet',
    description:
      'Letters (A) or a number from 1; `=`, `+` and `-` alone, or with a number or the name of a column behind them, count from the column before, or from that one. By default the next one; for values that are not of a cell the same.',
    examples: ['A', 3, '+2', '=name'],
  }),
  on_cell_error: option(z.string().default('constant'), {
    title: 'Errors in cells',
    description:
      'What becomes of cells such as #DIV/0!: constant for null, constant.X for X, error_code for their text, or exception, which leaves the record out.',
    examples: ['constant', 'constant.0', 'error_code', 'exception'],
  }),
  on_convert_error: option(z.string().default('exception'), {
    title: 'Values of other types',
    description:
      'What becomes of values that are not of the type of the column: exception leaves the record out, constant is null, constant.X is X.',
    examples: ['exception', 'constant'],
  }),
});

export const excelParserConfig = z.strictObject({
  sheets: option(z.array(z.string()).min(1).optional(), {
    title: 'Sheets',
    description:
      'Names of the sheets to read, in the order of the workbook; `*` and `?` stand for any text and any character. By default the first one.',
    examples: [['Sheet1'], ['2026-*']],
    'x-variables': 'line',
  }),
  skip_header_lines: option(z.number().int().min(0).default(0), {
    title: 'Skip header lines',
    description: 'Rows at the top of each sheet that are no records.',
    examples: [1],
  }),
  columns: option(z.array(excelColumn).min(1), {
    title: 'Columns',
    description: 'Names and types of the columns, and where their values are.',
  }),
  formula_handling: option(z.enum(['cashed_value', 'cached_value']).default('cashed_value'), {
    title: 'Formulas',
    description: 'The value that Excel has calculated last is read; formulas are not calculated again.',
    'x-advanced': true,
  }),
  search_merged_cell: option(
    z.union([z.boolean(), z.enum(['none', 'linear_search', 'tree_search', 'hash_search'])]).default(true),
    {
      title: 'Merged cells',
      description:
        'Blank cells that are merged with others have the value of the first of them; false or none leaves them null.',
    },
  ),
  skip_empty_rows: option(z.boolean().default(false), {
    title: 'Skip empty rows',
    description:
      'Leaves out rows in which all cells of the columns are blank. Rows that a sheet does not have at all never are records.',
  }),
  stop_on_invalid_record: option(z.boolean().default(false), {
    title: 'Stop at invalid records',
    description: 'Ends the run at the first record that cannot be read, instead of skipping it.',
  }),
  ...timestampParsingFields(),
});

export type ExcelParserConfig = z.output<typeof excelParserConfig>;
