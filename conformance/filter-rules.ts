/** What must hold for filters. */
import assert from 'node:assert/strict';
import { copyBatch } from '#spi/batch.ts';
import type { Cell } from '#spi/conformance.ts';
import type { Schema } from '#spi/schema.ts';
import { assertBatch, batchesOf, rowsOf } from './records.ts';
import { assertPlainJson, leaveOut } from './subject.ts';
import type { Subject } from './subject.ts';
import type { Rule } from './suite.ts';

interface Filtered {
  readonly rows: readonly Cell[][];
  readonly faults: number;
}

const noColumns = 'The case has no columns.';

export const filterRules: readonly Rule[] = [
  {
    title: 'opens and closes without records, again and again',
    async check(subject) {
      if (subject.columns.length === 0) leaveOut(noColumns);
      const filter = await subject.load('filter');
      const schemas: Schema[] = [];
      for (let time = 0; time < 2; time++) {
        const stream = filter.open(await subject.config(), { columns: subject.columns }, subject.context());
        schemas.push(stream.schema);
        await stream.close?.();
      }
      assertPlainJson(schemas[0], 'the schema');
      assert.deepEqual(schemas[0], schemas[1], 'the schema of the second time');
    },
  },
  {
    title: 'gives batches of its schema, and changes none that it is given',
    async check(subject) {
      if (subject.columns.length === 0) leaveOut(noColumns);
      const { rows } = await filtered(subject);
      const { records } = subject.given ?? {};
      if (records !== undefined) assert.equal(rows.length, records, 'records that are left');
    },
  },
  {
    title: 'gives the same wherever batches end',
    async check(subject) {
      if (subject.columns.length === 0) leaveOut(noColumns);
      const whole = await filtered(subject);
      for (const batchRows of [1, 2]) assert.deepEqual(await filtered(subject, batchRows), whole);
    },
  },
  {
    title: 'takes nulls in every column',
    async check(subject) {
      if (subject.columns.length === 0) leaveOut(noColumns);
      await filtered(subject, 1, [subject.columns.map(() => null)]);
    },
  },
];

async function filtered(subject: Subject, batchRows?: number, given = subject.rows): Promise<Filtered> {
  const filter = await subject.load('filter');
  const input: Schema = { columns: subject.columns };
  const stream = filter.open(await subject.config(), input, subject.context());
  const rows: Cell[][] = [];
  let faults = 0;
  const count = (): void => {
    faults += 1;
  };
  try {
    for (const batch of batchesOf(input, given, batchRows)) {
      const before = rowsOf(copyBatch(batch));
      const result = await stream.apply(batch, { reject: count, nullCell: count });
      assert.deepEqual(rowsOf(batch), before, 'the batch that it was given');
      if (result === undefined) continue;
      assertBatch(result, stream.schema);
      rows.push(...rowsOf(result));
      await stream.hold?.();
    }
  } finally {
    await stream.close?.();
  }
  return { rows, faults };
}
