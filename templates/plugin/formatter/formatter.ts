/** A line per value, with the name of its column, and an empty line behind every record. */
import { valueAt } from 'ropeway/spi/batch.js';
import type { Batch, Timestamp } from 'ropeway/spi/batch.js';
import type { Formatter } from 'ropeway/spi/files.js';
import type { MyPluginConfig } from './config.ts';
import { myPluginErrors } from './errors.ts';

const nothing = new Uint8Array(0);

export const myPlugin: Formatter<MyPluginConfig> = {
  open({ separator_text: separator }, schema) {
    if (schema.columns.length === 0) throw myPluginErrors.error('MY_PLUGIN_COLUMNS');
    return {
      begin: () => nothing,
      write: (batch) => Buffer.from(textOf(batch, separator)),
      end: () => nothing,
    };
  },
};

function textOf({ schema, vectors, rowCount }: Batch, separator: string): string {
  let text = '';
  for (let row = 0; row < rowCount; row++) {
    for (const [index, vector] of vectors.entries()) {
      const value = valueAt(vector, row);
      if (value !== null) text += `${schema.columns[index]?.name ?? ''}${separator}${printed(value)}\n`;
    }
    text += '\n';
  }
  return text;
}

/** A value must not look like the end of its line. */
function printed(value: boolean | bigint | number | string | Timestamp): string {
  if (typeof value === 'object') return new Date(value.seconds * 1000 + value.nanos / 1e6).toISOString();
  return String(value).replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
