/** What scripts must not be able to do, each tried; and what they must not be able to take. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { assert } from '#spi/assert.ts';
import type { Batch } from '#spi/batch.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import { filterContext, filteredLater, schemaOf } from '#test/kit/filter-cases.ts';
import { workspace } from '#test/kit/workspace.ts';
import { scriptConfig } from './config.ts';
import { script } from './filter.ts';
import { processFlags } from './process.ts';

/** What the body gives, as a text. */
async function outcome(body: string, options: object = {}): Promise<string> {
  const code = `function transformRow(row) { ${body} }`;
  const config = scriptConfig.parse({ code, columns: [{ name: 's', type: 'string' }], ...options });
  const { rows } = await filteredLater(script, config, 's:string', [['x']]);
  return String(rows[0]?.[0]);
}

const NO_CODE = 'EvalError: Code generation from strings disallowed for this context';

/** Expressions, and what has to come of them. */
const attempts: readonly (readonly [string, string])[] = [
  // Names of the process, of modules, of the network.
  ...['process', 'require', 'module', 'global', 'Buffer', 'fetch', 'WebSocket', 'setTimeout', 'queueMicrotask'].map(
    (name): [string, string] => [`typeof ${name}`, 'undefined'],
  ),
  // Memory that no limit holds for, and threads.
  ...['ArrayBuffer', 'SharedArrayBuffer', 'Atomics', 'WebAssembly', 'Uint8Array', 'DataView', 'WeakRef'].map(
    (name): [string, string] => [`typeof ${name}`, 'undefined'],
  ),
  ['typeof structuredClone + typeof performance + typeof navigator', 'undefinedundefinedundefined'],
  ['typeof Error.captureStackTrace(globalThis) + typeof Temporal', 'undefinedobject'],
  // Code out of texts, by every constructor of functions.
  ["this.constructor.constructor('return process')()", NO_CODE],
  ["globalThis.constructor.constructor('return process')()", NO_CODE],
  ["row.constructor.constructor('return this')()", NO_CODE],
  ["console.log.constructor('return process')()", NO_CODE],
  ["Object.getPrototypeOf(async function () {}).constructor('return 1')", NO_CODE],
  ["Object.getPrototypeOf(function* () {}).constructor('return 1')", NO_CODE],
  ["Object.getPrototypeOf(async function* () {}).constructor('return 1')", NO_CODE],
  ["eval('1 + 1')", NO_CODE],
  ["(0, eval)('process')", NO_CODE],
  ["Reflect.construct(Function, ['return process'])()", NO_CODE],
  ["__ropeway.step.constructor('return process')()", NO_CODE],
  ["Temporal.Now.instant.constructor('return process')()", NO_CODE],
  // Errors that the engine makes, whose constructors might be those of outside.
  ["(() => { try { null.x } catch (e) { return e.constructor.constructor('return process')() } })()", NO_CODE],
  ["(() => { const f = () => f(); try { f() } catch (e) { return e.constructor.constructor('1')() } })()", NO_CODE],
  [
    "(() => { try { new Function('1') } catch (e) { return e.constructor.constructor('return process')() } })()",
    NO_CODE,
  ],
  // What surrounds it: frozen, and known.
  ['Object.isFrozen(__ropeway)', 'true'],
  ['(() => { "use strict"; __ropeway = 1 })()', /TypeError: Cannot assign/.source],
  ['delete globalThis.__ropeway', 'false'],
  ['arguments.callee.caller.name + arguments.callee.caller.caller', 'transformRownull'],
  // The chain of callers.
  [
    '(() => { let frames; Error.prepareStackTrace = (_, all) => { frames = all }; void new Error("x").stack; ' +
      'return frames.filter((each) => each.getFunction() !== undefined || each.getThis() !== undefined)' +
      '.map((each) => each.getFileName()).filter((name) => name !== "ropeway-script").length })()',
    '0',
  ],
  // Everything that can be reached from here belongs to this realm: its functions come of this Function.
  [
    '(() => { const seen = new Set(); const todo = [globalThis, __ropeway, row]; let foreign = 0; ' +
      'while (todo.length > 0) { const object = todo.pop(); ' +
      'if ((typeof object !== "object" && typeof object !== "function") || object === null || seen.has(object)) continue; ' +
      'seen.add(object); if (typeof object === "function" && !(object instanceof Function)) foreign += 1; ' +
      'todo.push(Object.getPrototypeOf(object)); for (const key of Reflect.ownKeys(object)) { ' +
      'const { value, get, set } = Object.getOwnPropertyDescriptor(object, key) ?? {}; todo.push(value, get, set) } } ' +
      'return foreign + (seen.size > 500 ? " of many" : "") })()',
    '1 of many',
  ],
];

describe('script, trying to escape', () => {
  /** What came of each, in one process. */
  let outcomes: readonly string[] = [];

  beforeAll(async () => {
    const functions = attempts.map(([expression]) => `function (row) { return ${expression} }`);
    const code = `const attempts = [${functions.join(',\n')}];
      function transformRow(row) {
        try { row.s = String(attempts[row.n](row)) } catch (error) { row.s = String(error) }
        Error.prepareStackTrace = undefined;
        return row;
      }`;
    const rows = attempts.map((_, index) => [BigInt(index), null]);
    const result = await filteredLater(script, scriptConfig.parse({ code }), 'n:long s:string', rows);
    outcomes = result.rows.map(([, outcome]) => String(outcome));
  });

  it.each(attempts.map(([expression, expected], index) => ({ expression, expected, index })))(
    '$expression',
    ({ expected, index }) => expect(outcomes[index]).toContain(expected),
  );

  // The second wall: what a script would find if it ever came out of its realm.
  it('would find no rights in its process, and nothing of the environment', () => {
    const probe = `
      const seen = {};
      const attempt = (name, work) => { try { seen[name] = String(work()) } catch (error) { seen[name] = error.code ?? error.name } };
      process.permission.drop('fs');
      attempt('read', () => require('fs').readFileSync('/etc/passwd'));
      attempt('own', () => require('fs').readdirSync(${JSON.stringify(import.meta.dirname)}));
      attempt('write', () => require('fs').writeFileSync('/tmp/x', ''));
      attempt('environment', () => JSON.stringify(process.env));
      attempt('child', () => require('child_process').spawnSync('true').error.code);
      attempt('worker', () => new (require('worker_threads').Worker)('1', { eval: true }));
      attempt('addon', () => process.dlopen({ exports: {} }, '/x.node'));
      attempt('inspector', () => require('inspector').open(0));
      attempt('wasi', () => new (require('wasi').WASI)({ version: 'preview1' }));
      attempt('code', () => new Function('return 1')());
      attempt('prototype', () => { 'use strict'; Object.prototype.x = 1 });
      require('net').connect(9, '127.0.0.1').on('error', (error) => {
        seen.net = error.code;
        console.log(JSON.stringify(seen));
      });`;
    const { stdout, stderr } = spawnSync(process.execPath, [...processFlags({ memoryMb: 64 }), '-e', probe], {
      env: {},
    });
    expect(stderr.toString()).toBe('');
    const denied = 'ERR_ACCESS_DENIED';
    expect(JSON.parse(stdout.toString())).toEqual({
      read: denied,
      own: denied,
      write: denied,
      environment: '{}',
      child: denied,
      worker: denied,
      addon: 'ERR_DLOPEN_DISABLED',
      inspector: denied,
      wasi: denied,
      code: 'EvalError',
      prototype: 'TypeError',
      net: denied,
    });
  });

  it('cannot change what the filter is told about other records', async () => {
    const code = `
      Array.prototype.toJSON = () => 'spoiled';
      function transformRow(row) { return row; }`;
    const config = scriptConfig.parse({ code });
    await expect(filteredLater(script, config, 's:string', [['x']])).rejects.toMatchObject({ code: 'SCRIPT_DIED' });
  });

  it.each([
    'Object.prototype.toJSON = function () { return 1 }',
    'JSON.parse = () => { throw 1 }; JSON.stringify = () => 1',
    'Array.prototype[Symbol.iterator] = null; Array.isArray = () => true; Object.keys = () => []',
    'Promise.prototype.then = null; Reflect.apply = null; String = null; Number = null; BigInt = null',
    "Object.defineProperty(Object.prototype, 'line', { set() { throw 1 } })",
    "Object.defineProperty(globalThis, '__input', { writable: false })",
  ])('spoils nothing but its own answers: %s', async (line) => {
    const config = scriptConfig.parse({ code: `${line};\nfunction transformRow(row) { return row; }` });
    const result = filteredLater(script, config, 's:string', [['x']]);
    const seen = await result.then(
      ({ rows }) => rows,
      (error: { code: string }) => error.code,
    );
    expect([[['x']], 'SCRIPT_DIED', 'SCRIPT_RESULT', 'SCRIPT_THREW']).toContainEqual(seen);
  });
});

function batchOf(text: string): Batch {
  const builder = new BatchBuilder(schemaOf('s:string'));
  builder.setString(0, text);
  builder.endRow();
  const batch = builder.take();
  assert(batch, 'a row was written');
  return batch;
}

describe('script, taking too much', () => {
  const limits = { timeout_ms: 300, memory_mb_max: 32 };

  it.each<[string, string, string]>([
    ['a loop', 'for (;;);', 'SCRIPT_TIMEOUT'],
    ['a loop in a promise', 'return Promise.resolve().then(() => { for (;;); })', 'SCRIPT_TIMEOUT'],
    [
      'promises without end',
      'const next = () => Promise.resolve().then(next); return next()',
      'SCRIPT_(MEMORY|TIMEOUT)',
    ],
    ['a loop that catches', 'for (;;) { try { for (;;); } catch {} finally { for (;;); } }', 'SCRIPT_TIMEOUT'],
    ['a hostile expression', 'return { s: String(/^(a+)+$/.test("a".repeat(50) + "!")) }', 'SCRIPT_TIMEOUT'],
    ['a loop in a getter of its result', 'return { get s() { for (;;); } }', 'SCRIPT_TIMEOUT'],
    ['a list without end', 'const list = []; for (;;) list.push({ a: [1, 2, 3] })', 'SCRIPT_(MEMORY|TIMEOUT)'],
    ['a map without end', 'const map = new Map(); for (let i = 0; ; i++) map.set(i, [i])', 'SCRIPT_(MEMORY|TIMEOUT)'],
    ['a huge list', 'return { s: String(new Array(2 ** 28).fill(row).length) }', 'SCRIPT_(MEMORY|TIMEOUT)'],
    ['a huge text', 'return { s: "x".repeat(2 ** 29 - 24) + row.s + "x".repeat(2 ** 29) }', 'SCRIPT_(THREW|MEMORY)'],
  ])('%s', async (_, body, code) => {
    const result = outcome(body, limits);
    await expect(result).rejects.toMatchObject({ code: expect.stringMatching(code) });
  });

  it.each<[string, string]>([
    ['characters', 'return { s: "x".repeat(65 * 2 ** 20) }'],
    ['records', 'return Array.from({ length: 1_000_001 }, () => row)'],
  ])('too many %s', async (_, body) => {
    await expect(outcome(body)).rejects.toMatchObject({ code: 'SCRIPT_OUTPUT' });
  });

  it('a loop before the first record', async () => {
    const config = scriptConfig.parse({ code: 'let transformRow; for (;;);', ...limits });
    await expect(filteredLater(script, config, 's:string', [['x']])).rejects.toMatchObject({ code: 'SCRIPT_TIMEOUT' });
  });

  it.each([
    ['time', 'for (;;);'],
    ['memory', 'const list = []; for (;;) list.push({ a: [1, 2, 3] })'],
  ])('goes on after too much %s, for the records may not have counted', async (_, body) => {
    const code = `function transformRow(row) { if (row.s === 'bad') { ${body} } return row; }`;
    const config = scriptConfig.parse({ code, ...limits, timeout_ms: 2000 });
    const stream = script.open(config, schemaOf('s:string'), filterContext());
    const faults = { reject() {}, nullCell() {} };
    try {
      await expect(stream.apply(batchOf('bad'), faults)).rejects.toMatchObject({ kind: 'data' });
      expect((await stream.apply(batchOf('good'), faults))?.rowCount).toBe(1);
    } finally {
      await stream.close?.();
    }
  });

  it('is ended when the run stops, and with the stream', async () => {
    const abort = new AbortController();
    const context = { ...filterContext(), signal: abort.signal };
    const config = scriptConfig.parse({ code: 'function transformRow() { for (;;); }' });
    const result = filteredLater(script, config, 's:string', [['x']], { context });
    setImmediate(() => abort.abort());
    expect((await result).rows).toEqual([]);
  });
});

/** Processes of scripts that this process has started. */
function scriptsOf(pid: number): string[] {
  return readdirSync('/proc').filter((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    return fileText(`/proc/${entry}/status`).includes(`\nPPid:\t${pid}\n`) && isScript(entry);
  });
}

function isScript(pid: string): boolean {
  return fileText(`/proc/${pid}/cmdline`).includes('--frozen-intrinsics');
}

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process is gone.
    return '';
  }
}

describe('the process of a script', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGKILL', null],
  ] as const)('does not outlive its run for long after %s', async (signal, exitCode) => {
    await using place = await workspace({
      'in/a.csv': '1\n',
      'c.yml': `in: {type: file, path_prefix: in/, parser: {type: csv, columns: [{name: a, type: long}]}}
filters:
- {type: script, timeout_ms: 1500, code: 'function transformRow() { for (;;); }'}
out: {type: file, path_prefix: out/r_, file_ext: csv, formatter: {type: csv}}
`,
    });
    let scripts: string[] = [];
    const run = await place.ropeway(['run', 'c.yml'], {
      started: async (pid) => {
        // Polls; a test that waits for ever fails by its timeout.
        while (scripts.length === 0) {
          await wait(20);
          scripts = scriptsOf(pid);
        }
        process.kill(pid, signal);
      },
    });
    expect(run.exitCode, run.stderr).toBe(exitCode);
    expect((await place.outputs()).filter((name) => !name.startsWith('.'))).toEqual([]);
    while (scripts.some(isScript)) await wait(20);
  });
});
