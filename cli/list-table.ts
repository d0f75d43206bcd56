/** Lists as tables that fit the screen, or a line of JSON each. */
import type { CommandContext } from './command-context.ts';
import { cutToWidth, displayWidth, padEnd, padStart, visible } from './text-width.ts';

export interface ListColumn<Item> {
  readonly title: string;
  readonly cell: (item: Item) => string;
  readonly isNumber?: boolean;
  /** Gives way when the screen is narrow. */
  readonly shrinks?: boolean;
}

const GAP = '  ';
const SHRUNK_WIDTH_MIN = 8;

export function printList<Item>(
  { terminal, isJson }: CommandContext,
  items: readonly Item[],
  columns: readonly ListColumn<Item>[],
): void {
  if (isJson) terminal.out(items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  else if (items.length === 0) terminal.say('There is none.\n');
  else terminal.out(listTable(items, columns, terminal.outWidth));
}

/** Whole when the width is not known: a file takes lines of any length. */
export function listTable<Item>(
  items: readonly Item[],
  columns: readonly ListColumn<Item>[],
  screenWidth: number | undefined,
): string {
  const rows = [
    columns.map(({ title }) => title),
    ...items.map((item) => columns.map(({ cell }) => visible(cell(item)))),
  ];
  const natural = columns.map((_, at) => Math.max(...rows.map((row) => displayWidth(row[at] ?? ''))));
  const widths = screenWidth === undefined ? natural : fitted(columns, natural, screenWidth);
  return rows
    .map((row) => {
      const cells = columns.map(({ isNumber }, at) => {
        const width = widths[at] ?? 0;
        const text = cutToWidth(row[at] ?? '', width);
        return isNumber === true ? padStart(text, width) : padEnd(text, width);
      });
      return `${cells.join(GAP).trimEnd()}\n`;
    })
    .join('');
}

/** The widest of the columns that may shrink gives way, one column of the screen at a time. */
function fitted<Item>(columns: readonly ListColumn<Item>[], natural: readonly number[], screenWidth: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) - screenWidth;
  for (; excess > 0; excess -= 1) {
    const shrinking = widths.map((width, at) => (columns[at]?.shrinks === true ? width : 0));
    const widest = Math.max(...shrinking);
    if (widest <= SHRUNK_WIDTH_MIN) break;
    widths[shrinking.indexOf(widest)] = widest - 1;
  }
  return widths;
}

/** So many items of a list at most, over all its pages. */
export async function firstItems<Item>(items: AsyncIterable<Item>, count: number): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) {
    found.push(item);
    if (found.length >= count) break;
  }
  return found;
}
