/** The summary that a runner leaves in its place just before its end: it is read when nothing else has been heard. */
import { writeFileSync } from 'node:fs';
import { TERMINATION_BYTES_MAX } from '#api/runner.ts';
import type { FailureReport, TerminationMessage } from '#api/runner.ts';

/** A message's beginning says most of it. */
const TEXT_CHARACTERS_MAX = 1000;

export function writeTermination(file: string | undefined, message: TerminationMessage): void {
  if (file === undefined) return;
  try {
    writeFileSync(file, terminationText(message), { mode: 0o600 });
  } catch {
    // There is no place left to say so.
  }
}

/** As much of it as there is room for. */
export function terminationText(message: TerminationMessage): string {
  const { failure, counters: _, ...least } = message;
  const short = failure === undefined ? message : { ...message, failure: shortened(failure) };
  const plain = failure === undefined ? least : { ...least, failure: { ...shortened(failure), message: failure.code } };
  for (const each of [message, short]) {
    const text = JSON.stringify(each);
    if (Buffer.byteLength(text) <= TERMINATION_BYTES_MAX) return text;
  }
  return JSON.stringify(plain);
}

function shortened({ class: kind, code, message }: FailureReport): FailureReport {
  return { class: kind, code, message: message.slice(0, TEXT_CHARACTERS_MAX) };
}
