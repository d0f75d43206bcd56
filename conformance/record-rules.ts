/** What must hold for inputs and outputs of records. They reach out of the process: only a case says whereto. */
import assert from 'node:assert/strict';
import type { Cell } from '#spi/conformance.ts';
import type { Json } from '#spi/json.ts';
import type { Report } from '#spi/records.ts';
import type { Schema } from '#spi/schema.ts';
import { assertBatch, batchesOf, rowsOf, tryingRows, tryingSchema } from './records.ts';
import { assertSilent, hasSecrets, markedConfig } from './secret-marks.ts';
import { assertPlainJson, leaveOut } from './subject.ts';
import type { Subject } from './subject.ts';
import type { Rule } from './suite.ts';

export const noCase = 'There is no case with a config.';
/** A stop must be heard within this time. */
const STOP_MS_MAX = 1000;

export const inputRules: readonly Rule[] = [
  {
    title: 'plans and reports in plain JSON, and reads batches of its schema',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      const { rows } = await readAll(subject);
      const { records } = subject.given;
      if (records !== undefined) assert.equal(rows.length, records, 'records of the case');
    },
  },
  {
    title: 'gives the same when it reads a task again',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      assert.deepEqual((await readAll(subject)).rows, (await readAll(subject)).rows);
    },
  },
  {
    title: 'can be left in the middle of a task',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      for (const { generator } of await tasksOf(subject)) {
        await generator.next();
        await generator.return({});
      }
    },
  },
  {
    title: 'stops within a second when it is told to',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      const [first] = await tasksOf(subject);
      if (first === undefined) leaveOut('There is no task.');
      await first.generator.next();
      subject.stop.abort();
      await settles(async () => {
        while ((await first.generator.next()).done !== true);
      });
    },
  },
  {
    title: 'tells no secret',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      if (!(await hasSecrets(subject))) leaveOut('It has no secrets.');
      const input = await subject.load('input');
      const said = await input.plan(await markedConfig(subject), subject.context()).catch((error: unknown) => error);
      assertSilent(subject, said);
    },
  },
];

async function tasksOf(subject: Subject): Promise<{ task: Json; schema: Schema; generator: AsyncGenerator }[]> {
  const input = await subject.load('input');
  const config = await subject.config();
  const { schema, tasks } = await input.plan(config, subject.context());
  return tasks.map((task, index) => {
    const generator = input.read(config, task, schema, subject.taskContext(index)) as AsyncGenerator;
    return { task, schema, generator };
  });
}

async function readAll(subject: Subject): Promise<{ rows: Cell[][] }> {
  const input = await subject.load('input');
  const config = await subject.config();
  const { schema, tasks } = await input.plan(config, subject.context());
  assertPlainJson(schema, 'the schema');
  assertPlainJson(tasks, 'the list of tasks');
  const rows: Cell[][] = [];
  const reports: Report[] = [];
  for (const [index, task] of tasks.entries()) {
    const generator = input.read(config, task, schema, subject.taskContext(index));
    let step = await generator.next();
    for (; step.done !== true; step = await generator.next()) {
      assertBatch(step.value, schema);
      rows.push(...rowsOf(step.value));
    }
    assertPlainJson(step.value, 'a report');
    reports.push(step.value);
  }
  assertPlainJson((await input.commit?.(config, tasks, reports, subject.context())) ?? {}, 'the diff');
  return { rows };
}

export async function settles(work: () => Promise<unknown>): Promise<void> {
  const from = performance.now();
  // Ending with an error is as good: what counts is the time.
  await work().catch(() => {});
  const elapsed = Math.round(performance.now() - from);
  assert.ok(elapsed <= STOP_MS_MAX, `it took ${elapsed} ms`);
}

export const outputRules: readonly Rule[] = [
  {
    title: 'takes no records at all, and cleans up twice',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      await write(subject, []);
    },
  },
  {
    title: 'takes records, and plans and reports in plain JSON',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      await write(subject, subject.columns.length === 0 ? tryingRows : subject.rows);
    },
  },
  {
    title: 'gives up a task, whether it is begun or complete',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      const output = await subject.load('output');
      const config = await subject.config();
      const plan = await output.plan(config, schemaOf(subject), 2, subject.context());
      const begun = await output.open(config, plan, schemaOf(subject), subject.taskContext(0));
      await begun.abort();
      const complete = await output.open(config, plan, schemaOf(subject), subject.taskContext(1));
      await complete.close();
      await complete.abort();
      await output.cleanup?.(config, plan, [], subject.context());
    },
  },
  {
    title: 'tells no secret',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      if (!(await hasSecrets(subject))) leaveOut('It has no secrets.');
      const output = await subject.load('output');
      const said = await output
        .plan(await markedConfig(subject), schemaOf(subject), 1, subject.context())
        .catch((error: unknown) => error);
      assertSilent(subject, said);
    },
  },
];

function schemaOf(subject: Subject): Schema {
  return subject.columns.length === 0 ? tryingSchema : { columns: subject.columns };
}

async function write(subject: Subject, rows: readonly (readonly Cell[])[]): Promise<void> {
  const output = await subject.load('output');
  const config = await subject.config();
  const schema = schemaOf(subject);
  const plan = await output.plan(config, schema, 1, subject.context());
  assertPlainJson(plan, 'the plan');
  const sink = await output.open(config, plan, schema, subject.taskContext());
  for (const batch of batchesOf(schema, rows, 2)) await sink.write(batch);
  const report = await sink.close();
  assertPlainJson(report, 'a report');
  assertPlainJson(await output.commit(config, plan, [report], subject.context()), 'the diff');
  for (let time = 0; time < 2; time++) await output.cleanup?.(config, plan, [report], subject.context());
}
