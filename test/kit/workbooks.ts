/** Workbooks of Excel from the XML of their parts. */
import { zipFile } from './zip-files.ts';

const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';

export interface WorkbookParts {
  /** What stands in `sheetData`, by the name of the sheet; `behind` what stands behind it. */
  readonly sheets: Readonly<Record<string, string>>;
  readonly behind?: string;
  /** Items of the table of shared strings. */
  readonly strings?: string;
  readonly isFrom1904?: boolean;
}

export function workbook({ sheets, behind = '', strings, isFrom1904 = false }: WorkbookParts): Buffer {
  const names = Object.keys(sheets);
  const related = names.map((_, index) => relation(`s${index}`, 'worksheet', `worksheets/${index}.xml`));
  if (strings !== undefined) related.push(relation('t', 'sharedStrings', '/xl/strings.xml'));
  const listed = names.map((name, index) => `<sheet name="${name}" sheetId="${index + 1}" r:id="s${index}"/>`);
  const files: Record<string, string> = {
    '_rels/.rels': relationships([relation('w', 'officeDocument', 'xl/workbook.xml')]),
    'xl/workbook.xml':
      `<workbook xmlns="${main}" xmlns:r="${relations}"><workbookPr date1904="${isFrom1904 ? 1 : 0}"/>` +
      `<sheets>${listed.join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relationships(related),
  };
  if (strings !== undefined) files['xl/strings.xml'] = `<sst xmlns="${main}">${strings}</sst>`;
  for (const [index, rows] of Object.values(sheets).entries()) {
    files[`xl/worksheets/${index}.xml`] =
      `<x:worksheet xmlns:x="${main}" xmlns="${main}"><sheetData>${rows}</sheetData>${behind}</x:worksheet>`;
  }
  return zipFile(Object.entries(files).map(([name, content]) => ({ name, content })));
}

function relation(id: string, type: string, target: string): string {
  return `<Relationship Id="${id}" Type="${relations}/${type}" Target="${target}"/>`;
}

function relationships(list: readonly string[]): string {
  return `<Relationships>${list.join('')}</Relationships>`;
}
