/**
 * The process of a script. It may open no file and no connection, start nothing and load nothing: Node is told so when
 * it starts, and what it needs to load this module is given up before the script is looked at. It reads and writes two
 * pipes and never comes to wait for an event, so nothing but the script itself ever runs in it.
 */
import { constants, createContext, Script } from 'node:vm';
import { readFrame, writeFrame } from './frames.ts';
import { harnessText } from './harness.ts';
import { SCRIPT_NAME } from './protocol.ts';
import type { ScriptAnswer, ScriptStart } from './protocol.ts';

const INPUT = 0;
const OUTPUT = 1;

serve();

function serve(): void {
  const first = readFrame(INPUT);
  if (first === undefined) return;
  // The filter starts its processes with exactly this.
  const start = JSON.parse(first) as ScriptStart;
  giveUpRights();
  const realm = createContext(constants.DONT_CONTEXTIFY, {
    codeGeneration: { strings: false, wasm: false },
    // Promises are settled within the time limit of the script that made them.
    microtaskMode: 'afterEvaluate',
  });
  const run = (script: Script): unknown => script.runInContext(realm, { timeout: start.timeoutMs });
  new Script(harnessText(start), { filename: 'ropeway' }).runInContext(realm);
  const begun = answered(() => {
    run(new Script(start.code, { filename: SCRIPT_NAME }));
    return run(new Script(`__ropeway.begin(${start.functionName})`));
  });
  writeFrame(OUTPUT, begun);
  const step = new Script('__ropeway.step(__input)');
  const finish = new Script('__ropeway.finish()');
  for (;;) {
    const input = readFrame(INPUT);
    if (input === undefined) return;
    const answer = answered(() => {
      realm['__input'] = input;
      const result = run(step);
      return result === '' ? run(finish) : result;
    });
    writeFrame(OUTPUT, answer);
  }
}

/** Nothing that a script could use if it ever came out of its realm. */
function giveUpRights(): void {
  process.permission.drop('fs');
  const names =
    'kill _kill reallyExit abort binding _linkedBinding dlopen _debugProcess _debugEnd chdir umask getBuiltinModule';
  for (const name of names.split(' ')) Reflect.deleteProperty(process, name);
}

function answered(work: () => unknown): string {
  try {
    const answer = work();
    // The filter takes nothing but JSON; the script cannot make anything else of the steps.
    return typeof answer === 'string' ? answer : '{}';
  } catch (error) {
    return JSON.stringify(failure(error));
  }
}

/** The error is one of the realm of the script: it may be anything, and reading it may be the script's code. */
function failure(error: unknown): ScriptAnswer {
  if (typeof error !== 'object' || error === null) return { threw: { reason: String(error) } };
  if ('code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return { isTimeout: true };
  const reason =
    'message' in error && 'name' in error ? `${String(error.name)}: ${String(error.message)}` : 'an object';
  const place = 'stack' in error ? new RegExp(`${SCRIPT_NAME}:(\\d+)(?::(\\d+))?`).exec(String(error.stack)) : null;
  if (place === null) return { threw: { reason } };
  return { threw: { reason, line: Number(place[1]), column: Number(place[2] ?? 1) } };
}
