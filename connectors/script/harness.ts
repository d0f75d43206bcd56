/**
 * What surrounds a script in its realm. The functions whose names begin with `make` go there as text: they may use
 * nothing but their arguments and what the language brings along. All that crosses the border of the realm, in both
 * directions, is text, so no object from outside, with the constructors that hang on it, is ever within reach of the
 * script. What the script does to its own realm can spoil its own answers only: the filter looks at every cell of them.
 */
import type { ScriptAnswer, ScriptStart } from './protocol.ts';
import { makeCells, makeJson, makeTimes } from './realm-cells.ts';
import { makeReader, makeWriter } from './realm-rows.ts';
import { makeCalls, makeSteps } from './realm-steps.ts';
import type { Describe, RealmLog } from './realm-steps.ts';

type Settings = Omit<ScriptStart, 'code'>;

const parts = {
  lockDown,
  makeLog,
  makeDescribe,
  makeJson,
  makeTimes,
  makeCells,
  makeReader,
  makeWriter,
  makeCalls,
  makeSteps,
};

/** The text of a script that prepares the realm: it defines `__ropeway` and `__input`. */
export function harnessText({ code: _, ...settings }: ScriptStart): string {
  const texts = Object.entries(parts).map(([name, part]) => `${name}: ${String(part)}`);
  return `'use strict';(${String(prepare)})({${texts.join(',\n')}}, ${JSON.stringify(settings)})`;
}

function prepare(make: typeof parts, settings: Settings): void {
  make.lockDown();
  const log = make.makeLog(settings);
  const cells = make.makeCells(settings, make.makeJson(), make.makeTimes(settings));
  const reader = make.makeReader(settings, cells);
  const writer = make.makeWriter(settings, cells);
  const calls = make.makeCalls(make.makeDescribe(), settings);
  const steps = make.makeSteps(settings, { reader, writer, log, calls });
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

function makeLog({ logLinesMax, logLineLengthMax }: Settings): RealmLog {
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
      const taken: Pick<ScriptAnswer, 'logs' | 'logsMore'> =
        lines.length === 0 && more === 0 ? {} : { logs: lines, logsMore: more };
      lines = [];
      more = 0;
      return taken;
    },
  };
}

function makeDescribe(): Describe {
  const text = String;
  const toNumber = Number;
  const TheError = Error;
  const place = /ropeway-script:(\d+):(\d+)/;
  return (error) => {
    try {
      const reason = text(error).slice(0, 500);
      const stack = error instanceof TheError ? text(error.stack) : '';
      const found = place.exec(stack);
      if (found === null) return { reason };
      return { reason, line: toNumber(found[1]), column: toNumber(found[2]) };
    } catch {
      return { reason: 'something that cannot be shown' };
    }
  };
}
