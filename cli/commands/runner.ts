/** `ropeway runner`: one attempt of a run, started by the dispatcher and by nobody else. */
import { Mirror } from '#runner/logs/mirror.ts';
import { runAttempt } from '#runner/run-attempt.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { Installation } from '#cli/installation.ts';

/** What a process that is no runner's place ends with: no attempt is judged by it. */
const MISUSED = 64;

export async function runner(installation: Installation, version: string): Promise<number> {
  const stop = new AbortController();
  // Again and again the same: who wants it to end at once has a signal for that.
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => stop.abort());
  const mirror = new Mirror();
  const say = (message: string): void => void process.stderr.write(`${message}\n`);
  try {
    return await runAttempt({
      env: process.env,
      version,
      engineEntry: installation.engineEntry,
      workerEntry: installation.workerEntry,
      signal: stop.signal,
      print: (text) => mirror.print(text),
      say,
    });
  } catch (error) {
    if (!isRopewayError(error) || error.code !== 'RUNNER_ENVIRONMENT') throw error;
    say(`${error.message}\n${error.hint}`);
    return MISUSED;
  }
}
