/** A runner in this process, over an engine that does as its order's arguments say (`scripted-engine.ts`). */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TerminationMessage, WorkOrder } from '#api/runner.ts';
import { terminationMessage } from '#api/runner.ts';
import { runAttempt } from '#runner/run-attempt.ts';
import type { RunnerControl } from './runner-control.ts';
import type { Script } from './scripted-engine.ts';

export interface ScriptedAttempt {
  readonly exitCode: number;
  readonly termination: TerminationMessage;
}

export interface ScriptedAttemptOptions {
  /** Divides the runner's times. */
  readonly divisor?: number;
  readonly graceS?: number;
}

/** What a control plane hands out for it. */
export function scriptedOrder(script: Script, more: Partial<WorkOrder> = {}): Partial<WorkOrder> {
  return { kind: 'transfer', arguments: { ...script }, ...more };
}

export async function scriptedAttempt(
  control: RunnerControl,
  { divisor = 20, graceS = 1 }: ScriptedAttemptOptions = {},
): Promise<ScriptedAttempt> {
  const folder = await mkdtemp(join(tmpdir(), 'ropeway-attempt-'));
  const [tokenFile, terminationFile] = [join(folder, 'token'), join(folder, 'termination')];
  const entry = pathToFileURL(join(import.meta.dirname, 'scripted-engine.ts'));
  try {
    await writeFile(tokenFile, 'canary-bootstrap-token\n');
    const exitCode = await runAttempt({
      env: {
        ROPEWAY_RUN_ID: '01jdattempt',
        ROPEWAY_ATTEMPT_NO: '1',
        ROPEWAY_FENCE: '1',
        ROPEWAY_CONTROL_URL: control.url,
        ROPEWAY_PROCESS_UID: 'p',
        ROPEWAY_GRACE_S: String(graceS),
        ROPEWAY_TERMINATION_FILE: terminationFile,
        ROPEWAY_BOOTSTRAP_FILE: tokenFile,
        ROPEWAY_TIMER_DIVISOR: String(divisor),
      },
      version: 'test',
      engineEntry: entry,
      workerEntry: entry,
      signal: new AbortController().signal,
      print: () => undefined,
      say: () => undefined,
    });
    return { exitCode, termination: terminationMessage.parse(JSON.parse(await readFile(terminationFile, 'utf8'))) };
  } finally {
    await rm(folder, { recursive: true });
  }
}
