/** A record of every line of an access log. */
import { BatchBuilder } from 'ropeway/spi/batch-builder.js';
import { isRopewayError } from 'ropeway/spi/errors.js';
import type { Parser } from 'ropeway/spi/files.js';
import type { Column, Schema } from 'ropeway/spi/schema.js';
import type { AccessLogConfig } from './config.ts';
import { entryOf } from './entry.ts';
import type { LogEntry } from './entry.ts';
import { linesOf } from './lines.ts';

const commonColumns: readonly Column[] = [
  { name: 'host', type: 'string' },
  { name: 'user', type: 'string' },
  { name: 'time', type: 'timestamp' },
  { name: 'method', type: 'string' },
  { name: 'path', type: 'string' },
  { name: 'status', type: 'long' },
  { name: 'size', type: 'long' },
];
const combinedColumns: readonly Column[] = [
  ...commonColumns,
  { name: 'referrer', type: 'string' },
  { name: 'agent', type: 'string' },
];

export const accessLogParser: Parser<AccessLogConfig> = {
  schema: ({ format }): Schema => ({ columns: format === 'common' ? commonColumns : combinedColumns }),

  async *parse(config, file, ctx) {
    const builder = new BatchBuilder(accessLogParser.schema(config));
    let line = 0;
    for await (const text of linesOf(file.bytes, file.name)) {
      line += 1;
      if (text === '') continue;
      try {
        setRow(builder, entryOf(text, config.format), config);
      } catch (error) {
        // What is wrong with one line is data; everything else is not ours to hide.
        if (!isRopewayError(error) || error.kind !== 'data') throw error;
        ctx.reject({ reason: error, where: { file: file.name, line }, text });
        continue;
      }
      builder.endRow();
      if (!builder.isFull) continue;
      const batch = builder.take();
      if (batch !== undefined) yield batch;
    }
    const rest = builder.take();
    if (rest !== undefined) yield rest;
  },
};

/** Columns that are not set are null. */
function setRow(builder: BatchBuilder, entry: LogEntry, { format, with_query: withQuery }: AccessLogConfig): void {
  const { user, method, size, referrer, agent } = entry;
  builder.setString(0, entry.host);
  if (user !== undefined) builder.setString(1, user);
  builder.setTimestamp(2, entry.time, 0);
  if (method !== undefined) builder.setString(3, method);
  builder.setString(4, withQuery ? entry.path : entry.path.replace(/\?.*$/, ''));
  builder.setLong(5, entry.status);
  if (size !== undefined) builder.setLong(6, size);
  if (format === 'common') return;
  if (referrer !== undefined) builder.setString(7, referrer);
  if (agent !== undefined) builder.setString(8, agent);
}
