/** The table of contents of a workbook: its sheets, and where they are. */
import { excelErrors } from './errors.ts';
import { attribute, WorkbookPackage } from './package-part.ts';
import type { ArchiveSource } from '#codec/archive/zip-directory.ts';

export interface Sheet {
  readonly name: string;
  readonly path: string;
}

export interface Workbook {
  readonly parts: WorkbookPackage;
  /** In their order; charts and macros are none. */
  readonly sheets: readonly Sheet[];
  readonly sharedStrings: string | undefined;
  readonly isFrom1904: boolean;
}

interface Relation {
  readonly id: string;
  /** The last word of what it is. */
  readonly type: string;
  readonly path: string;
}

export async function openWorkbook(source: ArchiveSource): Promise<Workbook> {
  const parts = await WorkbookPackage.open(source);
  if (!parts.has('_rels/.rels')) throw excelErrors.error('EXCEL_NOT_THIS');
  const path = (await relations(parts, '')).find(({ type }) => type === 'officeDocument')?.path;
  if (path === undefined || !parts.has(path)) throw excelErrors.error('EXCEL_NOT_THIS');
  const related = await relations(parts, path);
  const sheets: Sheet[] = [];
  let isFrom1904 = false;
  await parts.elements(path, (name, attributes) => {
    if (name === 'workbookPr') isFrom1904 = isTrue(attribute(attributes, 'date1904'));
    if (name !== 'sheet') return;
    const id = attributes.find((candidate) => candidate.name.endsWith(':id'))?.value;
    const relation = related.find((candidate) => candidate.id === id);
    if (relation?.type !== 'worksheet') return;
    sheets.push({ name: attribute(attributes, 'name') ?? '', path: relation.path });
  });
  const sharedStrings = related.find(({ type }) => type === 'sharedStrings')?.path;
  return { parts, sheets, sharedStrings, isFrom1904 };
}

function isTrue(value: string | undefined): boolean {
  return value === '1' || value === 'true';
}

/** What a part refers to; `''` is the package itself. */
async function relations(parts: WorkbookPackage, path: string): Promise<readonly Relation[]> {
  const slash = path.lastIndexOf('/');
  const folder = path.slice(0, slash + 1);
  const found: Relation[] = [];
  const file = `${folder}_rels/${path.slice(slash + 1)}.rels`;
  if (!parts.has(file)) return found;
  await parts.elements(file, (name, attributes) => {
    if (name !== 'Relationship') return;
    const target = attribute(attributes, 'Target') ?? '';
    const type = (attribute(attributes, 'Type') ?? '').replace(/^.*\//, '');
    found.push({ id: attribute(attributes, 'Id') ?? '', type, path: resolved(folder, target) });
  });
  return found;
}

function resolved(folder: string, target: string): string {
  const steps = target.startsWith('/') ? [] : folder.split('/').filter((step) => step !== '');
  for (const step of target.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  return steps.join('/');
}
