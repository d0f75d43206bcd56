/** Records inside the realm of a script (see `harness.ts`). */
import type { ScriptColumn, ScriptStart, WireCell } from './protocol.ts';
import type { RealmCells } from './realm-cells.ts';

export type Row = Record<string, unknown>;

/** The cells as they came, for those that the script may leave as they are: timestamps and json. */
export type Kept = Readonly<Record<string, unknown>>;

export interface RealmReader {
  /** Turns the cells of a parsed record into what the script is to see. */
  read(row: Row): Kept;
}

export function makeReader({ input }: Pick<ScriptStart, 'input'>, cells: RealmCells): RealmReader {
  const special = input.filter(({ type }) => type !== 'boolean' && type !== 'string');
  const nothing: Kept = {};
  const hasKept = special.some(({ type }) => type === 'timestamp' || type === 'json');
  const { create } = Object;
  return {
    read(row) {
      const kept: Row | undefined = hasKept ? (create(null) as Row) : undefined;
      for (let at = 0; at < special.length; at++) {
        const { name, type } = special[at] as ScriptColumn; // bounded by the loop
        const cell = row[name];
        if (cell === null) continue;
        row[name] = cells.read(type, cell);
        if (kept !== undefined) kept[name] = cell;
      }
      return kept ?? nothing;
    },
  };
}

export interface RealmWriter {
  /** The number of the record and the cells of what came of it, or why that cannot be used. */
  write(out: unknown, row: number, kept: Kept | undefined): readonly WireCell[] | string;
}

export function makeWriter({ input, output }: Pick<ScriptStart, 'input' | 'output'>, by: RealmCells): RealmWriter {
  const { stringify } = JSON;
  const { keys, create } = Object;
  const { isArray } = Array;
  const text = String;
  // Without a prototype: a column may be called toString.
  const positions = create(null) as Record<string, number | undefined>;
  for (const [at, { name }] of output.entries()) positions[name] = at;
  const dropped = create(null) as Record<string, boolean | undefined>;
  for (const { name } of input) dropped[name] = positions[name] === undefined;
  const stays = output.map(({ name, type }) => input.some((each) => each.name === name && each.type === type));
  const shown = (value: unknown): string => {
    if (typeof value === 'string') return stringify(value.slice(0, 100));
    return typeof value === 'object' || typeof value === 'function' ? `a value of type ${typeof value}` : text(value);
  };
  return {
    write(out, row, kept) {
      if (typeof out !== 'object' || out === null || isArray(out)) {
        return `${isArray(out) ? 'a list in a list' : shown(out)} is no record`;
      }
      const cells: WireCell[] = [row];
      for (let at = 0; at < output.length; at++) cells[at + 1] = null;
      const names = keys(out);
      for (let index = 0; index < names.length; index++) {
        const name = names[index] as string; // bounded by the loop
        const at = positions[name];
        if (at === undefined) {
          if (dropped[name] === true) continue;
          return `there is no column '${name}'`;
        }
        const value: unknown = (out as Row)[name];
        const before = stays[at] === true ? kept?.[name] : undefined;
        if (value === null || value === undefined) {
          // A json cell may hold the value null, which is not to become a cell that is null.
          if (value === null && before === 'null') cells[at + 1] = 0;
          continue;
        }
        const { type } = output[at] as ScriptColumn; // a position of one of them
        const cell = by.write(type, value, before);
        if (cell === undefined) return `${shown(value)} does not fit the column '${name}', which is ${type}`;
        cells[at + 1] = cell;
      }
      return cells;
    },
  };
}
