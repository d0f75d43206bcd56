/** What must hold for guessers. */
import assert from 'node:assert/strict';
import type { Guess } from '#spi/guess.ts';
import { asBytes } from './records.ts';
import { assertPlainJson, leaveOut } from './subject.ts';
import type { Subject } from './subject.ts';
import type { Rule } from './suite.ts';

export const guessRules: readonly Rule[] = [
  {
    title: 'takes an empty sample and noise without an error',
    async check(subject) {
      for (const sample of [new Uint8Array(0), Buffer.from([0, 255, 1, 254])])
        assertGuess(await guess(subject, sample));
    },
  },
  {
    title: 'tells in sentences what it found, and gives it as plain JSON',
    async check(subject) {
      const { sample } = subject.given ?? {};
      if (sample === undefined) leaveOut('The case has no sample.');
      const found = await guess(subject, asBytes(sample));
      assertGuess(found);
      assert.notDeepEqual(found.diff, {}, 'it finds nothing in the sample of the case');
      assert.ok(found.findings.length > 0, 'it says nothing about what it found');
    },
  },
];

async function guess(subject: Subject, sample: Uint8Array): Promise<Guess> {
  const guesser = await subject.load('guess');
  return guesser.guess({}, sample);
}

function assertGuess({ diff, findings }: Guess): void {
  assertPlainJson(diff, 'the guess');
  for (const { sentence } of findings) assert.match(sentence, /\.$/, 'a finding is a sentence');
}
