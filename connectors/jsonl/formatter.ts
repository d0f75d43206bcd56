/** The jsonl formatter. */
import { isRopewayError, withPlace } from '#spi/errors.ts';
import { newlines } from '#spi/newlines.ts';
import type { Formatter } from '#spi/files.ts';
import { columnIndex } from '#spi/schema.ts';
import type { Schema } from '#spi/schema.ts';
import { jsonErrors } from '#codec/json/errors.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import type { TimestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { jsonLinesWriter } from '#codec/wasm/json-lines-kernel.ts';
import type { JsonlFormatterConfig, JsonRecordConfig } from './config.ts';

const nothing = new Uint8Array(0);

export const jsonlFormatter: Formatter<JsonlFormatterConfig> = {
  open(config, schema) {
    const formatters = recordFormatters(config, schema);
    const writer = jsonLinesWriter({ schema, newline: newlines[config.newline], formatters });
    return {
      begin: () => nothing,
      write: (batch) => writer.write(batch),
      end() {
        writer.release();
        return nothing;
      },
    };
  },
};

/** The formatters of timestamps, by column. Throws when records of the schema cannot be JSON objects. */
export function recordFormatters(
  config: JsonRecordConfig,
  schema: Schema,
): readonly (TimestampFormatter | undefined)[] {
  checkNames(config, schema);
  return schema.columns.map(({ name, type }) => (type === 'timestamp' ? formatterOf(config, name) : undefined));
}

/** Two members of one name would leave it to every reader which to believe. */
function checkNames(config: JsonRecordConfig, schema: Schema): void {
  const names = schema.columns.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated !== undefined) {
    const params = {
      option: 'formatter',
      reason: `two columns are named '${repeated}', and a JSON object holds a name once`,
      advice: 'Rename one: filters: [{type: rename, rules: [{rule: unique_number_suffix}]}].',
    };
    throw jsonErrors.error('JSON_OPTION', params);
  }
  for (const name of Object.keys(config.column_options)) {
    if (columnIndex(schema, name) >= 0) continue;
    const params = {
      option: `column_options.${name}`,
      reason: 'there is no such column',
      advice: `Columns are: ${names.join(', ')}.`,
    };
    throw jsonErrors.error('JSON_OPTION', params, { where: { path: ['column_options', name] } });
  }
}

function formatterOf(config: JsonRecordConfig, name: string): TimestampFormatter {
  const own = Object.hasOwn(config.column_options, name) ? config.column_options[name] : undefined;
  try {
    return timestampFormatter(own?.format ?? config.default_timestamp_format, own?.timezone ?? config.default_timezone);
  } catch (error) {
    const path = own?.timezone === undefined ? ['default_timezone'] : ['column_options', name, 'timezone'];
    throw isRopewayError(error) ? withPlace(error, { path }) : error;
  }
}
