/** What must hold for parsers. */
import assert from 'node:assert/strict';
import type { Cell } from '#spi/conformance.ts';
import type { Parser } from '#spi/files.ts';
import { asBytes, assertBatch, cut, cutsOf, rowsOf } from './records.ts';
import type { Subject } from './subject.ts';
import { assertPlainJson, leaveOut } from './subject.ts';
import { stopRules } from './stop-rules.ts';
import type { Rule } from './suite.ts';

interface Parsed {
  readonly rows: readonly Cell[][];
  readonly rejected: readonly string[];
}

export const parserRules: readonly Rule[] = [
  {
    title: 'survives an empty file',
    async check(subject) {
      const parse = await parserOf(subject);
      assert.deepEqual(await parse(new Uint8Array(0), []), { rows: [], rejected: [] });
    },
  },
  {
    title: 'reads the same for any split of the bytes, and leaves bad records out',
    async check(subject) {
      const { sample, records, rejected, expected } = subject.given ?? {};
      if (sample === undefined) leaveOut('The case has no sample.');
      const parse = await parserOf(subject);
      const bytes = asBytes(sample);
      const whole = await parse(bytes, []);
      if (records !== undefined) assert.equal(whole.rows.length, records, 'records of the sample');
      if (expected !== undefined) assert.deepEqual(whole.rows, expected, 'records of the sample');
      if (rejected !== undefined) assert.equal(whole.rejected.length, rejected, 'bad records of the sample');
      for (const places of cutsOf(bytes.length)) {
        assert.deepEqual(await parse(bytes, places), whole, `cut at ${places.slice(0, 5).join(', ')}`);
      }
    },
  },
  {
    title: 'can be left before the end of the file',
    async check(subject) {
      const { sample } = subject.given ?? {};
      if (sample === undefined) leaveOut('The case has no sample.');
      const parser = await subject.load('parser');
      const file = { name: '/file', bytes: cut(asBytes(sample)) };
      for await (const batch of parser.parse(await subject.config(), file, subject.taskContext())) {
        assert.ok(batch.rowCount > 0);
        break;
      }
    },
  },
  ...stopRules(async (bytes, subject) => {
    const parser = await subject.load('parser');
    return parser.parse(await subject.config(), { name: '/file', bytes }, subject.taskContext());
  }),
];

async function parserOf(subject: Subject): Promise<(bytes: Uint8Array, places: readonly number[]) => Promise<Parsed>> {
  const parser: Parser<unknown> = await subject.load('parser');
  const config = await subject.config();
  const schema = parser.schema(config);
  assertPlainJson(schema, 'the schema');
  return async (bytes, places) => {
    const rows: Cell[][] = [];
    const from = subject.rejected.length;
    const file = { name: '/file', bytes: cut(bytes, places) };
    for await (const batch of parser.parse(config, file, subject.taskContext())) {
      assertBatch(batch, schema);
      rows.push(...rowsOf(batch));
    }
    return { rows, rejected: subject.rejected.slice(from) };
  };
}
