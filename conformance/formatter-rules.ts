/** What must hold for formatters. */
import assert from 'node:assert/strict';
import type { Cell } from '#spi/conformance.ts';
import type { FormatWriter } from '#spi/files.ts';
import type { Schema } from '#spi/schema.ts';
import { batchesOf, cut, rowsOf, tryingRows, tryingSchema } from './records.ts';
import { leaveOut } from './subject.ts';
import type { Subject } from './subject.ts';
import type { Rule } from './suite.ts';

export const formatterRules: readonly Rule[] = [
  {
    title: 'writes a file for no records, and the same one again',
    async check(subject) {
      const write = await writerOf(subject);
      assert.deepEqual(await write([]), await write([]));
    },
  },
  {
    title: 'writes the same records to the same bytes, one by one or in batches',
    async check(subject) {
      const formatter = await subject.load('formatter');
      const write = await writerOf(subject);
      const rows = rowsFor(subject);
      const whole = await write(rows);
      assert.ok(whole.length > (await write([])).length, 'records leave bytes');
      assert.deepEqual(await write(rows), whole, 'the same records once more');
      // A file in one piece may put its parts together as batches come.
      if (formatter.isWhole !== true) assert.deepEqual(await write(rows, 1), whole, 'one by one');
    },
  },
  {
    title: 'writes what the parser of its name reads back',
    async check(subject) {
      const sibling = subject.sibling('parser');
      if (sibling === undefined) leaveOut('There is no parser of this name.');
      const schema = schemaFor(subject);
      const rows = rowsFor(subject);
      // The parser's config type is forgotten in the catalogue; the schema has made this one.
      const parserConfig = (await sibling.config()).safeParse({ columns: schema.columns, ...subject.readBack });
      if (!parserConfig.success) leaveOut('The parser of this name needs more than `columns`.');
      const parser = await sibling.load();
      const file = { name: '/file', bytes: cut(await (await writerOf(subject))(rows)) };
      const back: Cell[][] = [];
      for await (const batch of parser.parse(parserConfig.data as never, file, subject.taskContext())) {
        back.push(...rowsOf(batch));
      }
      assert.deepEqual(back, rows);
    },
  },
];

function schemaFor(subject: Subject): Schema {
  return subject.columns.length === 0 ? tryingSchema : { columns: subject.columns };
}

function rowsFor(subject: Subject): readonly (readonly Cell[])[] {
  return subject.columns.length === 0 ? tryingRows : subject.rows;
}

async function writerOf(
  subject: Subject,
): Promise<(rows: readonly (readonly Cell[])[], batchRows?: number) => Promise<Buffer>> {
  const formatter = await subject.load('formatter');
  const config = await subject.config();
  const schema = schemaFor(subject);
  return async (rows, batchRows) => {
    // Opened for planning as well, and then never written to.
    formatter.open(config, schema);
    const writer: FormatWriter = formatter.open(config, schema);
    const parts = [Buffer.from(writer.begin())];
    for (const batch of batchesOf(schema, rows, batchRows)) parts.push(Buffer.from(writer.write(batch)));
    parts.push(Buffer.from(writer.end()));
    return Buffer.concat(parts);
  };
}
