/** The excel parser: rows of sheets, one after the other, out of workbooks of any size. */
import type { Batch } from '#spi/batch.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { ErrorPlace, RopewayError } from '#spi/errors.ts';
import type { Parser } from '#spi/files.ts';
import { excelErrors } from '#codec/excel/errors.ts';
import { findMergedRegions, MergedCells } from '#codec/excel/merged-cells.ts';
import { SheetReader } from '#codec/excel/sheet-reader.ts';
import { openWorkbook } from '#codec/excel/workbook.ts';
import type { Sheet, Workbook } from '#codec/excel/workbook.ts';
import { spool } from '#connectors/spool/spool.ts';
import { rejecter, schemaOfColumns } from '#connectors/text-parsing.ts';
import { excelColumns } from './columns.ts';
import type { ExcelParserConfig } from './config.ts';
import { RowRecords } from './row-records.ts';
import { SharedStrings } from './shared-strings.ts';

export const excelParser: Parser<ExcelParserConfig> = {
  schema: (config) => schemaOfColumns(excelColumns(config)),

  async *parse(config, { name, bytes }, ctx) {
    await using source = await spool(bytes, ctx);
    // No bytes at all are no records, as for every parser.
    if (source.sizeBytes === 0) return;
    const report = rejecter(config, name, ctx);
    let place = name;
    const reject = (reason: RopewayError, where: ErrorPlace, text: string): void =>
      report(reason, { ...where, file: place }, text);
    try {
      const workbook = await openWorkbook(source);
      using strings = await SharedStrings.read(workbook, ctx);
      const columns = excelColumns(config);
      const records = new RowRecords({
        columns,
        isFrom1904: workbook.isFrom1904,
        skipsEmptyRows: config.skip_empty_rows,
        reject,
      });
      for (const sheet of sheetsOf(workbook, config)) {
        place = `${name}#${sheet.name}`;
        records.beginSheet(sheet.name);
        const numbers = columns.flatMap(({ value, number }) => (value === 'cell_value' ? [number] : []));
        yield* readSheet(workbook, sheet, { config, records, strings, numbers });
      }
    } catch (error) {
      throw isRopewayError(error) && error.where.file === undefined ? withPlace(error, { file: place }) : error;
    }
  },
};

/** The sheets whose names match, in the order of the workbook; every name must match one. */
function sheetsOf({ sheets }: Workbook, config: ExcelParserConfig): readonly Sheet[] {
  const patterns = config.sheets;
  if (patterns === undefined) return sheets.slice(0, 1);
  const expressions = patterns.map(wildcard);
  for (const [index, expression] of expressions.entries()) {
    if (sheets.some(({ name }) => expression.test(name))) continue;
    const names = sheets.map(({ name }) => `'${name}'`).join(', ');
    throw excelErrors.error('EXCEL_SHEET_MISSING', { sheet: patterns[index] ?? '', sheets: names });
  }
  return sheets.filter(({ name }) => expressions.some((expression) => expression.test(name)));
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\/-]/g, '\\$&')
    .replaceAll('*', '[^]*')
    .replaceAll('?', '[^]');
  return new RegExp(`^${source}$`, 'i');
}

interface SheetParts {
  readonly config: ExcelParserConfig;
  readonly records: RowRecords;
  readonly strings: SharedStrings;
  /** Columns of the sheet that are asked for. */
  readonly numbers: readonly number[];
}

async function* readSheet(
  { parts }: Workbook,
  { path }: Sheet,
  { config, records, strings, numbers }: SheetParts,
): AsyncGenerator<Batch> {
  const searches = config.search_merged_cell !== false && config.search_merged_cell !== 'none';
  const merged = new MergedCells(searches ? await findMergedRegions(parts.bytes(path), new Set(numbers)) : []);
  const reader = new SheetReader([...numbers, ...merged.firstColumns], strings, (row) => {
    merged.fill(row, reader.cells);
    if (row > config.skip_header_lines) records.add(row, reader.cells);
  });
  for await (const _slice of parts.parse(path, reader)) yield* records.takeFull();
  yield* records.takeFull();
  yield* records.take();
}
