/**
 * What surrounds a script in its realm. These functions go there as text: they may use nothing but their arguments and
 * what the language brings along. All that crosses the border of the realm, in both directions, is text, so no object
 * from outside, with the constructors that hang on it, is ever within reach of the script. What the script does to its
 * own realm can spoil its own answers only: the filter looks at every cell of them.
 */
import type { ScriptAnswer, ScriptColumn, ScriptFault, ScriptStart, WireCell } from './protocol.ts';

type Row = Record<string, unknown>;

/** What a record held, for cells that the script leaves alone: by kept column. */
type Kept = readonly unknown[];

interface RowReader {
  /** Turns the cells of a parsed record into what the script is to see. */
  read(row: Row): Kept;
}

interface RowWriter {
  /** The cells of the record, or why it cannot be used. */
  write(out: unknown, row: number, kept: Kept | undefined): readonly WireCell[] | string;
}

interface Log {
  take(): Pick<ScriptAnswer, 'logs' | 'logsMore'>;
}

type Settings = Omit<ScriptStart, 'code'>;

/** The text of a script that prepares the realm: it defines `__ropeway` and `__input`. */
export function harnessText({ code: _, ...settings }: ScriptStart): string {
  const parts = { lockDown, makeLog, makeReader, makeWriter, makeDescribe, makeSteps };
  const texts = Object.entries(parts).map(([name, part]) => `${name}: ${String(part)}`);
  return `'use strict';(${String(prepare)})({${texts.join(',\n')}}, ${JSON.stringify(settings)})`;
}

interface Parts {
  lockDown(): void;
  makeLog(settings: Settings): Log;
  makeReader(settings: Settings): RowReader;
  makeWriter(settings: Settings): RowWriter;
  makeDescribe(): Describe;
  makeSteps(settings: Settings, parts: { reader: RowReader; writer: RowWriter; log: Log; describe: Describe }): object;
}

function prepare(parts: Parts, settings: Settings): void {
  parts.lockDown();
  const log = parts.makeLog(settings);
  const reader = parts.makeReader(settings);
  const writer = parts.makeWriter(settings);
  const steps = parts.makeSteps(settings, { reader, writer, log, describe: parts.makeDescribe() });
  Object.defineProperty(globalThis, '__ropeway', { value: Object.freeze(steps) });
  Object.defineProperty(globalThis, '__input', { value: '', writable: true });
}

/**
 * Takes away what is memory outside of the heap, which no limit holds for, and what shares it with others or watches
 * the collection of garbage.
 */
function lockDown(): void {
  const names =
    'ArrayBuffer SharedArrayBuffer Atomics DataView WebAssembly WeakRef FinalizationRegistry Int8Array Uint8Array ' +
    'Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array ' +
    'Float32Array Float64Array';
  for (const name of names.split(' ')) Reflect.deleteProperty(globalThis, name);
}

function makeLog({ logLinesMax, logLineLengthMax }: Settings): Log {
  const { stringify } = JSON;
  const text = String;
  let lines: string[] = [];
  let more = 0;
  const shown = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) return text(value);
    try {
      // Errors and the like have nothing of their own to list.
      const listed: unknown = stringify(value);
      return typeof listed === 'string' && listed !== '{}' ? listed : text(value);
    } catch {
      return text(value);
    }
  };
  const say = (...values: unknown[]): void => {
    if (lines.length >= logLinesMax) more += 1;
    else lines[lines.length] = values.map(shown).join(' ').slice(0, logLineLengthMax);
  };
  const names = ['log', 'info', 'warn', 'error', 'debug', 'trace'];
  const console = Object.fromEntries(names.map((name) => [name, say]));
  Object.defineProperty(globalThis, 'console', { value: console, writable: true, configurable: true });
  return {
    take() {
      const taken = lines.length === 0 && more === 0 ? {} : { logs: lines, logsMore: more };
      lines = [];
      more = 0;
      return taken;
    },
  };
}

function makeReader({ input, output, long, timestamp }: Settings): RowReader {
  const { parse } = JSON;
  const { isSafeInteger } = Number;
  const [toBigInt, toNumber, TheDate] = [BigInt, Number, Date];
  const fromNanos = Temporal.Instant.fromEpochNanoseconds;
  const isLong = /\d{16}/;
  const wholeNumber = /^-?\d+$/;
  // Whole numbers that would lose digits stay exact.
  const exact = (_: string, value: unknown, context?: { source?: string }): unknown => {
    const source = context?.source;
    const isInexact = typeof value === 'number' && source !== undefined && !isSafeInteger(value);
    return isInexact && wholeNumber.test(source) ? toBigInt(source) : value;
  };
  // What is below milliseconds is cut off towards the past.
  const dateOf = (nanos: bigint): Date => {
    const rest = ((nanos % 1_000_000n) + 1_000_000n) % 1_000_000n;
    return new TheDate(toNumber((nanos - rest) / 1_000_000n));
  };
  const read = (type: string, cell: unknown): unknown => {
    switch (type) {
      case 'long':
        return long === 'bigint' || typeof cell === 'string' ? toBigInt(cell as string) : cell;
      case 'double':
        return toNumber(cell);
      case 'timestamp':
        return timestamp === 'date' ? dateOf(toBigInt(cell as string)) : fromNanos(toBigInt(cell as string));
      default:
        return isLong.test(cell as string) ? parse(cell as string, exact) : parse(cell as string);
    }
  };
  const special = input.filter(({ type }) => type !== 'boolean' && type !== 'string');
  const keptNames = output
    .filter(({ name, type }) => (type === 'timestamp' || type === 'json') && isIn(input, name, type))
    .map(({ name }) => name);
  function isIn(columns: readonly ScriptColumn[], name: string, type: string): boolean {
    return columns.some((column) => column.name === name && column.type === type);
  }
  return {
    read(row) {
      const kept: unknown[] = [];
      // The text of json, before it is replaced by what it says.
      for (let at = 0; at < keptNames.length; at++) kept[at] = row[keptNames[at] as string];
      for (let at = 0; at < special.length; at++) {
        const { name, type } = special[at] as ScriptColumn; // bounded by the loop
        if (row[name] !== null) row[name] = read(type, row[name]);
      }
      return kept;
    },
  };
}

function makeWriter({ input, output }: Settings): RowWriter {
  const { parse, stringify, rawJSON } = JSON as typeof JSON & { rawJSON(text: string): unknown };
  const { isSafeInteger, isFinite } = Number;
  const { keys, is } = Object;
  const { isArray } = Array;
  const [text, toBigInt, TheDate] = [String, BigInt, Date];
  const { Instant } = Temporal;
  const [longMin, longMax] = [-(2n ** 63n), 2n ** 63n - 1n];
  const positions: Record<string, number | undefined> = Object.create(null);
  for (const [at, { name }] of output.entries()) positions[name] = at;
  const dropped: Record<string, boolean | undefined> = Object.create(null);
  for (const { name } of input) if (positions[name] === undefined) dropped[name] = true;
  // Where the record that came in has the value that counts as untouched.
  const keptOf = output.map(({ name, type }) =>
    (type === 'timestamp' || type === 'json') && input.some((each) => each.name === name && each.type === type)
      ? name
      : undefined,
  );
  let keptCount = 0;
  const keptAt = keptOf.map((name) => (name === undefined ? -1 : keptCount++));

  const digits = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? rawJSON(text(value)) : value);
  const jsonText = (value: unknown): string | undefined => {
    try {
      return stringify(value);
    } catch {
      return stringify(value, digits);
    }
  };
  const json = (value: unknown, before: unknown): WireCell | undefined => {
    const now = jsonText(value);
    if (now === undefined || typeof before !== 'string') return now;
    return now === before || now === jsonText(parse(before)) ? 0 : now;
  };
  const nanosOf = (value: unknown): bigint | undefined => {
    if (value instanceof Instant) return value.epochNanoseconds;
    if (!(value instanceof TheDate)) return undefined;
    const milliseconds = value.getTime();
    return isFinite(milliseconds) ? toBigInt(milliseconds) * 1_000_000n : undefined;
  };
  const timestamp = (value: unknown, before: unknown): WireCell | undefined => {
    const nanos = nanosOf(value);
    if (nanos === undefined) return undefined;
    if (typeof before !== 'string') return text(nanos);
    const more = toBigInt(before) - nanos;
    // A Date says nothing about what is below its milliseconds.
    return more === 0n || (value instanceof TheDate && more > 0n && more < 1_000_000n) ? 0 : text(nanos);
  };
  const long = (value: unknown): WireCell | undefined => {
    if (typeof value === 'number') return isSafeInteger(value) ? value : undefined;
    return typeof value === 'bigint' && value >= longMin && value <= longMax ? text(value) : undefined;
  };
  const double = (value: unknown): WireCell | undefined => {
    if (typeof value !== 'number') return undefined;
    if (is(value, -0)) return '-0';
    return isFinite(value) ? value : text(value);
  };
  const cellOf = (type: string, value: unknown, before: unknown): WireCell | undefined => {
    switch (type) {
      case 'boolean':
        return typeof value === 'boolean' ? value : undefined;
      case 'long':
        return long(value);
      case 'double':
        return double(value);
      case 'string':
        return typeof value === 'string' ? value : undefined;
      case 'timestamp':
        return timestamp(value, before);
      default:
        return json(value, before);
    }
  };
  const shown = (value: unknown): string => {
    if (typeof value === 'string') return stringify(value.slice(0, 100));
    return typeof value === 'object' || typeof value === 'function' ? `a ${typeof value}` : text(value);
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
          if (dropped[name]) continue;
          return `there is no column '${name}'`;
        }
        const value: unknown = (out as Row)[name];
        if (value === null || value === undefined) continue;
        const { type } = output[at] as ScriptColumn; // a position of one of them
        const cell = cellOf(type, value, kept?.[keptAt[at] as number]);
        if (cell === undefined) return `${shown(value)} does not fit the column '${name}', which is ${type}`;
        cells[at + 1] = cell;
      }
      return cells;
    },
  };
}

type Describe = (error: unknown) => Omit<ScriptFault, 'row' | 'kind'>;

function makeDescribe(): Describe {
  const text = String;
  const toNumber = Number;
  const TheError = Error;
  const place = /ropeway-script:(\d+):(\d+)/;
  const { exec } = RegExp.prototype;
  const { apply } = Reflect;
  return (error) => {
    try {
      const reason = text(error).slice(0, 500);
      const stack = error instanceof TheError ? text(error.stack) : '';
      const found = apply(exec, place, [stack]);
      if (found === null) return { reason };
      return { reason, line: toNumber(found[1]), column: toNumber(found[2]) };
    } catch {
      return { reason: 'something that cannot be shown' };
    }
  };
}

function makeSteps(
  settings: Settings,
  { reader, writer, log, describe }: { reader: RowReader; writer: RowWriter; log: Log; describe: Describe },
): object {
  const { parse, stringify } = JSON;
  const { isArray } = Array;
  const { apply } = Reflect;
  const ThePromise = Promise;
  const { then } = Promise.prototype;
  const TheMap = Map;
  const { stopsAtFault, rowsMax, answerLengthMax } = settings;
  const isPerRow = settings.functionName === 'transformRow';
  let transform: (input: unknown) => unknown;
  let rows: Row[] = [];
  let kept: Kept[] = [];
  /** By record, or the one result for all of them. */
  let outs: unknown[] = [];
  let faults: ScriptFault[] = [];
  let waiting: boolean[] = [];

  const isOver = (): boolean => stopsAtFault && faults.length > 0;
  const fault = (row: number, kind: ScriptFault['kind'], what: Omit<ScriptFault, 'row' | 'kind'>): void => {
    faults[faults.length] = { row, kind, ...what };
  };
  /** Notes the result, now or when its promise is settled. */
  const call = (row: number, argument: unknown): void => {
    try {
      const out = transform(argument);
      if (!(out instanceof ThePromise)) {
        outs[row] = out;
        return;
      }
      waiting[row] = true;
      const settle = (): void => {
        waiting[row] = false;
      };
      const resolved = (value: unknown): void => {
        settle();
        outs[row] = value;
      };
      const rejected = (error: unknown): void => {
        settle();
        fault(row, 'threw', describe(error));
      };
      apply(then, out, [resolved, rejected]);
    } catch (error) {
      fault(row, 'threw', describe(error));
    }
  };
  const collect = (): readonly (readonly WireCell[])[] | undefined => {
    const written: (readonly WireCell[])[] = [];
    const indexes = isPerRow ? undefined : new TheMap(rows.map((row, index) => [row as unknown, index]));
    for (let row = 0; row < outs.length && !isOver(); row++) {
      const out = outs[row];
      if (out === null || out === undefined) continue;
      const list: readonly unknown[] = isArray(out) ? out : [out];
      if (indexes !== undefined && !isArray(out)) fault(row, 'result', { reason: 'transformRows has to give a list' });
      for (let at = 0; at < list.length && !isOver(); at++) {
        const from = indexes === undefined ? row : (indexes.get(list[at]) ?? -1);
        const cells = writer.write(list[at], from, from < 0 ? undefined : kept[from]);
        if (typeof cells === 'string') fault(from < 0 ? row : from, 'result', { reason: cells });
        else if (written.length >= rowsMax) return undefined;
        else written[written.length] = cells;
      }
    }
    return written;
  };
  const answer = (): string => {
    try {
      const written = collect();
      // In the order of the records, whatever order promises are settled in.
      faults.sort((a, b) => a.row - b.row);
      const text = written === undefined ? '' : stringify({ rows: written, faults, ...log.take() });
      if (text !== '' && text.length <= answerLengthMax) return text;
    } catch (error) {
      // Texts have a greatest length.
      if (!(error instanceof RangeError)) throw error;
    }
    return '{"isTooMuch":true}';
  };
  return {
    __proto__: null,
    begin(given: (input: unknown) => unknown): string {
      transform = given;
      return stringify(log.take());
    },
    /** The answer; or nothing while promises are under way. */
    step(input: string): string {
      rows = parse(input) as Row[];
      [kept, outs, faults, waiting] = [[], [], [], []];
      for (let row = 0; row < rows.length && !isOver(); row++) {
        const read = rows[row] as Row; // bounded by the loop
        try {
          kept[row] = reader.read(read);
          if (isPerRow) call(row, read);
        } catch (error) {
          fault(row, 'threw', describe(error));
        }
      }
      if (!isPerRow && !isOver()) call(0, rows);
      return isOver() || !waiting.includes(true) ? answer() : '';
    },
    /** After all promises that can be settled are. */
    finish(): string {
      const row = waiting.indexOf(true);
      if (row >= 0) fault(row, 'pending', { reason: '' });
      return answer();
    },
  };
}
