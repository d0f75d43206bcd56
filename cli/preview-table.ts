/** Preview records as a table or, vertically, one field per line. Embulk's layout, with widths as people see them. */
import { valueAt } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import type { Preview } from '#engine/preview.ts';
import { isTimestamp, previewRecords, previewRows, scalarText, timeText } from '#engine/preview-records.ts';
import { formatCount } from './quantity.ts';
import { cutToWidth, displayWidth, padStart, visible } from './text-width.ts';

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
  const header = preview.schema.columns.map(({ name, type }) => `${name}:${type}`);
  return framedTable(header, previewRows(preview, tableText));
}

/** Numbers and all else to the right, as Embulk has it. */
export function framedTable(titles: readonly string[], records: readonly (readonly string[])[]): string {
  const header = titles.map(visible);
  const rows = records.map((row) => row.map((cell) => cutToWidth(visible(cell), CELL_WIDTH_MAX)));
  const widths = header.map((text, column) =>
    Math.max(...[text, ...rows.map((row) => row[column] ?? '')].map(displayWidth)),
  );
  const border = `+${widths.map((cells) => '-'.repeat(cells + 2)).join('+')}+\n`;
  const line = (cells: readonly string[]): string =>
    `|${cells.map((cell, column) => ` ${padStart(cell, widths[column] ?? 0)} `).join('|')}|\n`;
  return border + line(header) + border + rows.map(line).join('') + border;
}

/** One block per record, one line per field. */
export function previewVertical(preview: Preview): string {
  const { columns } = preview.schema;
  const nameWidth = Math.max(0, ...columns.map(({ name }) => displayWidth(name)));
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
