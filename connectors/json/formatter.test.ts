import { describe, expect, it } from 'vitest';
import type { Batch } from '#spi/batch.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import type { FormatWriter } from '#spi/files.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Schema } from '#spi/schema.ts';
import { jsonlFormatterConfig } from '#connectors/jsonl/config.ts';
import { jsonlFormatter } from '#connectors/jsonl/formatter.ts';
import { jsonFormatterConfig } from './formatter-config.ts';
import { jsonFormatter } from './formatter.ts';

const schema: Schema = {
  columns: [
    { name: 'n', type: 'long' },
    { name: 'a "text"', type: 'string' },
    { name: 'j', type: 'json' },
    { name: 't', type: 'timestamp' },
  ],
};

function batch(builder: BatchBuilder, from: number, to: number): Batch | undefined {
  for (let row = from; row < to; row++) {
    if (row % 7 > 0) builder.setLong(0, BigInt(row));
    builder.setString(1, row % 5 > 0 ? `row ${row}` : `"${row}"\n`);
    builder.setString(2, `{"a":[${row}]}`);
    builder.setTimestamp(3, row, 0);
    builder.endRow();
  }
  return builder.take();
}

/** The file of batches of such sizes. */
function file(writer: FormatWriter, sizes: readonly number[], of = schema): string {
  const builder = new BatchBuilder(of);
  const parts = [Buffer.from(writer.begin())];
  let from = 0;
  for (const size of sizes) {
    const rows = batch(builder, from, from + size);
    if (rows !== undefined) parts.push(Buffer.from(writer.write(rows)));
    from += size;
  }
  return Buffer.concat([...parts, Buffer.from(writer.end())]).toString();
}

const open = (config: JsonObject = {}): FormatWriter => jsonFormatter.open(jsonFormatterConfig.parse(config), schema);

const time = (second: number): string => `"1970-01-01T00:00:0${second}.000000+00:00"`;

describe('jsonFormatter', () => {
  it('writes a record on each line', () => {
    expect(file(open(), [1, 1])).toBe(
      `[\n{"n":null,"a \\"text\\"":"\\"0\\"\\n","j":{"a":[0]},"t":${time(0)}},\n` +
        `{"n":1,"a \\"text\\"":"row 1","j":{"a":[1]},"t":${time(1)}}\n]\n`,
    );
  });

  it('writes a member on each line', () => {
    expect(file(open({ pretty: true, newline: 'CRLF' }), [1]).split('\r\n')).toEqual([
      '[',
      '  {',
      '    "n": null,',
      '    "a \\"text\\"": "\\"0\\"\\n",',
      '    "j": {"a":[0]},',
      `    "t": ${time(0)}`,
      '  }',
      ']',
      '',
    ]);
  });

  it.each([false, true])('writes an empty array for no records (pretty: %s)', (pretty) => {
    expect(file(open({ pretty }), [])).toBe('[]\n');
  });

  it.each([false, true])('writes the records of the jsonl formatter, by the kernel too (pretty: %s)', (pretty) => {
    for (const sizes of [[3], [1, 2, 3], [600, 1000, 4], [0, 1000]]) {
      const lines = file(jsonlFormatter.open(jsonlFormatterConfig.parse({}), schema), sizes)
        .split('\n')
        .slice(0, -1);
      const text = file(open({ pretty }), sizes);
      expect(JSON.parse(text)).toEqual(lines.map((line) => JSON.parse(line) as unknown));
      if (!pretty) expect(text).toBe(`[\n${lines.join(',\n')}\n]\n`);
    }
  });

  it('refuses two columns of one name', () => {
    const [first] = schema.columns;
    if (first === undefined) throw new Error('there is one');
    const twice = { columns: [first, first] };
    expect(() => jsonFormatter.open(jsonFormatterConfig.parse({}), twice)).toThrow(/two columns are named 'n'/);
  });
});
