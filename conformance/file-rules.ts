/** What must hold for inputs and outputs of files. They reach out of the process: only a case says whereto. */
import assert from 'node:assert/strict';
import type { Report } from '#spi/records.ts';
import { noCase, settles } from './record-rules.ts';
import { collect } from './records.ts';
import { assertSilent, hasSecrets, markedConfig } from './secret-marks.ts';
import { assertPlainJson, leaveOut } from './subject.ts';
import type { Subject } from './subject.ts';
import type { Rule } from './suite.ts';

export const fileInputRules: readonly Rule[] = [
  {
    title: 'plans and reports in plain JSON, and reads files of the size that they have',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      const files = await readAll(subject);
      assert.ok(files.length > 0, 'the case leads to files');
    },
  },
  {
    title: 'gives the same when it reads a task again',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      assert.deepEqual(await readAll(subject), await readAll(subject));
    },
  },
  {
    title: 'reads in ranges what it reads in one stream, if it can',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      const input = await subject.load('file_input');
      const config = await subject.config();
      const { tasks } = await input.plan(config, subject.context());
      const [task] = tasks;
      if (task === undefined || input.openRanges === undefined) leaveOut('It has no `openRanges`.');
      const file = await input.openRanges(config, task, subject.taskContext());
      if (file === undefined) leaveOut('The first file is not read in ranges.');
      const [whole] = await readAll(subject);
      const half = Math.floor(file.sizeBytes / 2);
      const parts = [Buffer.alloc(half), Buffer.alloc(file.sizeBytes - half)] as const;
      try {
        await file.read(half, parts[1]);
        await file.read(0, parts[0]);
      } finally {
        await file.close();
      }
      assert.ok(whole?.equals(Buffer.concat(parts)) === true);
    },
  },
  {
    title: 'can be left in the middle of a file, and stops within a second when it is told to',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      const input = await subject.load('file_input');
      const config = await subject.config();
      const { tasks } = await input.plan(config, subject.context());
      const read = async (): Promise<void> => {
        for (const [index, task] of tasks.entries()) {
          for await (const file of input.read(config, task, subject.taskContext(index))) {
            for await (const chunk of file.read()) {
              assert.ok(chunk.length >= 0);
              break;
            }
          }
        }
      };
      await read();
      subject.stop.abort();
      await settles(read);
    },
  },
  {
    title: 'tells no secret',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      if (!(await hasSecrets(subject))) leaveOut('It has no secrets.');
      const input = await subject.load('file_input');
      const said = await input.plan(await markedConfig(subject), subject.context()).catch((error: unknown) => error);
      assertSilent(subject, said);
    },
  },
];

async function readAll(subject: Subject): Promise<Buffer[]> {
  const input = await subject.load('file_input');
  const config = await subject.config();
  const { tasks, sizeBytes } = await input.plan(config, subject.context());
  assertPlainJson(tasks, 'the list of tasks');
  const files: Buffer[] = [];
  const reports: Report[] = [];
  for (const [index, task] of tasks.entries()) {
    const generator = input.read(config, task, subject.taskContext(index));
    let step = await generator.next();
    for (; step.done !== true; step = await generator.next()) {
      const content = await collect(step.value.read());
      assert.equal(content.length, step.value.sizeBytes ?? content.length, `the size of ${step.value.name}`);
      files.push(content);
    }
    assertPlainJson(step.value, 'a report');
    reports.push(step.value);
  }
  const read = files.reduce((sum, { length }) => sum + length, 0);
  assert.equal(read, sizeBytes ?? read, 'the size of all files');
  assertPlainJson((await input.commit?.(config, tasks, reports, subject.context())) ?? {}, 'the diff');
  return files;
}

export const fileOutputRules: readonly Rule[] = [
  {
    title: 'writes files, and plans and reports in plain JSON',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      await write(subject, [['first ', 'file'], [], ['third']]);
    },
  },
  {
    title: 'gives up a task, whether it is begun or complete, and cleans up twice',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      const output = await subject.load('file_output');
      const config = await subject.config();
      const plan = await output.plan(config, 2, subject.context());
      const begun = await output.open(config, plan, subject.taskContext(0));
      await begun.nextFile();
      await begun.write(Buffer.from('half'));
      await begun.abort();
      const complete = await output.open(config, plan, subject.taskContext(1));
      await complete.nextFile();
      await complete.close();
      await complete.abort();
      for (let time = 0; time < 2; time++) await output.cleanup?.(config, plan, [], subject.context());
    },
  },
  {
    title: 'tells no secret',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      if (!(await hasSecrets(subject))) leaveOut('It has no secrets.');
      const output = await subject.load('file_output');
      const said = await output
        .plan(await markedConfig(subject), 1, subject.context())
        .catch((error: unknown) => error);
      assertSilent(subject, said);
    },
  },
];

async function write(subject: Subject, files: readonly (readonly string[])[]): Promise<void> {
  const output = await subject.load('file_output');
  const config = await subject.config();
  const plan = await output.plan(config, 1, subject.context());
  assertPlainJson(plan, 'the plan');
  const sink = await output.open(config, plan, subject.taskContext());
  for (const chunks of files) {
    await sink.nextFile();
    for (const chunk of chunks) await sink.write(Buffer.from(chunk));
  }
  const report = await sink.close();
  assertPlainJson(report, 'a report');
  assertPlainJson(await output.commit(config, plan, [report], subject.context()), 'the diff');
  for (let time = 0; time < 2; time++) await output.cleanup?.(config, plan, [report], subject.context());
}
