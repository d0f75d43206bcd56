/** A record of a name and a value from every line. */
import { BatchBuilder } from 'ropeway/spi/batch-builder.js';
import type { Bytes, Parser } from 'ropeway/spi/files.js';
import type { Schema } from 'ropeway/spi/schema.js';
import type { MyPluginConfig } from './config.ts';
import { myPluginErrors } from './errors.ts';

const schema: Schema = {
  columns: [
    { name: 'name', type: 'string' },
    { name: 'value', type: 'string' },
  ],
};

/** A line is held as a whole: there must be an end to it. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;
const LINE_FEED = 10;

export const myPlugin: Parser<MyPluginConfig> = {
  schema: () => schema,

  async *parse({ separator_text: separator }, file, ctx) {
    const builder = new BatchBuilder(schema);
    let number = 0;
    for await (const line of linesOf(file)) {
      number += 1;
      if (line === '') continue;
      const at = line.indexOf(separator);
      if (at < 0) {
        // A bad record is data, not an exception: it is told with its place, and the run goes on.
        const where = { file: file.name, line: number };
        ctx.reject({
          reason: myPluginErrors.error('MY_PLUGIN_SEPARATOR', { separator }, { where }),
          where,
          text: line,
        });
        continue;
      }
      builder.setString(0, line.slice(0, at));
      builder.setString(1, line.slice(at + separator.length));
      builder.endRow();
      if (!builder.isFull) continue;
      const batch = builder.take();
      if (batch !== undefined) yield batch;
    }
    const rest = builder.take();
    if (rest !== undefined) yield rest;
  },
};

/** Chunks end anywhere, within a character too, and are lent: what is kept of one is copied. */
async function* linesOf({ name, bytes }: { name: string; bytes: Bytes }): AsyncGenerator<string> {
  let kept = Buffer.alloc(0);
  for await (const chunk of bytes) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      yield Buffer.concat([kept, chunk.subarray(from, end)]).toString('utf8');
      kept = Buffer.alloc(0);
      from = end + 1;
    }
    kept = Buffer.concat([kept, chunk.subarray(from)]);
    if (kept.length > LINE_BYTES_MAX) {
      throw myPluginErrors.error('MY_PLUGIN_LINE_TOO_LONG', { limit: LINE_BYTES_MAX }, { where: { file: name } });
    }
  }
  if (kept.length > 0) yield kept.toString('utf8');
}
