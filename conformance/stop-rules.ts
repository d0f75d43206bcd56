/**
 * A stop in the middle of a file: what parsers and decoders owe to whoever waits for it. The engine leaves a plugin
 * that waits for bytes; one that never lets anything else run cannot even hear that it is to stop.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { abortable } from '#engine/abortable.ts';
import type { Bytes } from '#spi/files.ts';
import { settles } from './record-rules.ts';
import { asBytes } from './records.ts';
import { leaveOut } from './subject.ts';
import type { Subject } from './subject.ts';
import type { Rule } from './suite.ts';

/** What a plugin makes of the bytes of a file. */
export type Reading = (bytes: Bytes, subject: Subject) => Promise<AsyncIterable<unknown>>;

/** The plugin is at work by then. */
const STOP_AFTER_MS = 100;
/** As files are read. */
const CHUNK_BYTES = 64 * 1024;

export function stopRules(reading: Reading): readonly Rule[] {
  return [
    {
      title: 'stops within a second when it is told to, in the middle of a file that comes slowly',
      check: (subject) => stopsIn(subject, reading, slowly(subject)),
    },
    {
      title: 'stops within a second when it is told to, in the middle of a file without an end',
      check: (subject) => stopsIn(subject, reading, endlessly(subject)),
    },
  ];
}

async function stopsIn(subject: Subject, reading: Reading, bytes: Bytes): Promise<void> {
  const { signal } = subject.stop;
  const steps = stepsOf(await reading(bytes, subject));
  const timer = setTimeout(() => subject.stop.abort(), STOP_AFTER_MS);
  const pull = abortable(steps, signal);
  try {
    await settles(async () => {
      while ((await pull.next()).done !== true);
    });
  } finally {
    clearTimeout(timer);
    subject.stop.abort();
    await pull.close();
  }
}

/** As the engine pulls: what is made does not matter here. */
async function* stepsOf(made: AsyncIterable<unknown>): AsyncGenerator<number> {
  let count = 0;
  for await (const _one of made) yield count++;
}

/** The first half, and then nothing for ever. */
async function* slowly(subject: Subject): Bytes {
  const { head, body } = endless(subject);
  const whole = Buffer.concat([head, body]);
  yield whole.subarray(0, Math.ceil(whole.length / 2));
  await new Promise(() => {});
}

/** As fast as it is taken. Inputs read from elsewhere, which lets others run before every chunk, and hear a stop. */
async function* endlessly(subject: Subject): Bytes {
  const { head, body } = endless(subject);
  yield head;
  const chunk = Buffer.concat(Array.from({ length: Math.max(1, Math.ceil(CHUNK_BYTES / body.length)) }, () => body));
  for (;;) {
    await turn();
    subject.stop.signal.throwIfAborted();
    yield chunk;
  }
}

function endless({ given }: Subject): { readonly head: Uint8Array; readonly body: Uint8Array } {
  const { sample, endless: written = sample === undefined ? undefined : { head: '', body: sample } } = given ?? {};
  if (written === undefined) leaveOut('The case has no sample.');
  return { head: asBytes(written.head), body: asBytes(written.body) };
}
