/** Preview records as a table or, vertically, one field per line. Embulk's layout, with widths as people see them. */
import { valueAt } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import type { Preview } from '#engine/preview.ts';
import { isTimestamp, previewRecords, previewRows, scalarText, timeText } from '#engine/preview-records.ts';
import { formatCount } from './quantity.ts';

/** Longer cells are cut: a preview is for looking at. `--json` and the vertical layout show them whole. */
const CELL_WIDTH_MAX = 60;

/**
 * ```
 * +---------+-------------+
 * | id:long | name:string |
 * +---------+-------------+
 * |   1,234 |         foo |
 * +---------+-------------+
 * ```
 */
export function previewTable(preview: Preview): string {
  const header = preview.schema.columns.map(({ name, type }) => `${visible(name)}:${type}`);
  const rows = previewRows(preview, tableText).map((row) => row.map((cell) => cut(visible(cell))));
  const widths = header.map((text, column) => Math.max(...[text, ...rows.map((row) => row[column] ?? '')].map(width)));
  const border = `+${widths.map((cells) => '-'.repeat(cells + 2)).join('+')}+\n`;
  const line = (cells: readonly string[]): string =>
    `|${cells.map((cell, column) => ` ${padStart(cell, widths[column] ?? 0)} `).join('|')}|\n`;
  return border + line(header) + border + rows.map(line).join('') + border;
}

/** One block per record, one line per field. */
export function previewVertical(preview: Preview): string {
  const { columns } = preview.schema;
  const nameWidth = Math.max(0, ...columns.map(({ name }) => width(name)));
  const typeWidth = Math.max(0, ...columns.map(({ type }) => type.length));
  const stars = '*'.repeat(27);
  return previewRows(preview, verticalText)
    .map((row, record) => {
      const fields = columns.map(
        ({ name, type }, column) =>
          `${padStart(visible(name), nameWidth)} (${type.padStart(typeWidth)}) : ${row[column] ?? ''}\n`,
      );
      return `${stars} ${record} ${stars}\n${fields.join('')}`;
    })
    .join('');
}

/** Records as JSON values by column order; longs as text where JavaScript numbers would not hold them. */
export function previewJson(preview: Preview): string {
  const { columns } = preview.schema;
  return `${JSON.stringify({ columns, records: previewRecords(preview) }, undefined, 2)}\n`;
}

function tableText(vector: Vector, row: number): string {
  const value = valueAt(vector, row);
  if (value === null) return '';
  if (typeof value === 'bigint') return formatCount(value);
  if (isTimestamp(value)) return `${timeText(value)} UTC`;
  return scalarText(value);
}

function verticalText(vector: Vector, row: number): string {
  const value = valueAt(vector, row);
  if (value === null) return 'null';
  if (isTimestamp(value)) return `${timeText(value).replace(' ', 'T')}Z`;
  return scalarText(value);
}

/** Control characters would tear the table apart, or the terminal. */
function visible(text: string): string {
  return text
    .replace(/\r\n|\r|\n/g, '⏎')
    .replaceAll('\t', '⇥')
    .replace(/\p{Cc}/gu, '·');
}

function cut(text: string): string {
  if (text.length <= CELL_WIDTH_MAX) return text;
  return `${[...text].slice(0, CELL_WIDTH_MAX - 1).join('')}…`;
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Columns on a terminal: East Asian characters take two. */
function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += wide.test(character) ? 2 : /\p{Mn}/u.test(character) ? 0 : 1;
  return columns;
}

function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - width(text))) + text;
}
