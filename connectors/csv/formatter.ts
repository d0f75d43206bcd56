/** The csv formatter: batches to bytes in any charset. */
import { isRopewayError, withPlace } from '#spi/errors.ts';
import { newlines } from '#spi/newlines.ts';
import type { Formatter } from '#spi/files.ts';
import { columnIndex } from '#spi/schema.ts';
import type { Schema } from '#spi/schema.ts';
import { charsetEncoder } from '#codec/charset/encoder.ts';
import { csvErrors } from '#codec/csv/errors.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import type { TimestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { csvWriter } from '#codec/wasm/csv-writer-kernel.ts';
import type { CsvBatchWriter } from '#codec/wasm/csv-writer-kernel.ts';
import type { CsvFormatterConfig } from './config.ts';

const nothing = new Uint8Array(0);

export const csvFormatter: Formatter<CsvFormatterConfig> = {
  open(config, schema) {
    const encoder = inOption(['charset'], () => charsetEncoder(config.charset));
    const writer = writerOf(config, schema);
    return {
      begin() {
        // Copied: the encoder uses its buffer again for the header.
        const mark = encoder.begin().slice();
        if (!config.header_line) return mark;
        const header = encoder.encode(writer.writeLine(schema.columns.map(({ name }) => wtf8(name))));
        return mark.length === 0 ? header : Buffer.concat([mark, header]);
      },
      write: (batch) => encoder.encode(writer.write(batch)),
      end() {
        writer.release();
        return nothing;
      },
    };
  },
};

function writerOf(config: CsvFormatterConfig, schema: Schema): CsvBatchWriter {
  const quote = config.quote === '' ? '"' : oneCharacter('quote', config.quote);
  const options = {
    delimiter: oneCharacter('delimiter', config.delimiter),
    quote,
    escape: escapeOf(config, quote),
    policy: config.quote_policy,
    nullText: config.null_string,
    newlineInField: newlines[config.newline_in_field],
    newline: newlines[config.newline],
    formatters: timestampFormatters(config, schema),
  };
  return csvWriter(options, schema);
}

function escapeOf({ escape, quote_policy: policy }: CsvFormatterConfig, quote: string): string {
  if (escape !== undefined && escape !== '') return oneCharacter('escape', escape);
  return policy === 'NONE' ? '\\' : quote;
}

function timestampFormatters(config: CsvFormatterConfig, schema: Schema): readonly (TimestampFormatter | undefined)[] {
  for (const name of Object.keys(config.column_options)) {
    if (columnIndex(schema, name) >= 0) continue;
    const known = schema.columns.map((column) => column.name).join(', ');
    const params = {
      option: `column_options.${name}`,
      reason: 'there is no such column',
      advice: `Columns are: ${known}.`,
    };
    throw csvErrors.error('CSV_OPTION', params, { where: { path: ['column_options', name] } });
  }
  return schema.columns.map(({ name, type }) => {
    if (type !== 'timestamp') return undefined;
    const own = Object.hasOwn(config.column_options, name) ? config.column_options[name] : undefined;
    const zone = own?.timezone ?? config.default_timezone;
    const path = own?.timezone === undefined ? ['default_timezone'] : ['column_options', name, 'timezone'];
    return inOption(path, () => timestampFormatter(own?.format ?? config.default_timestamp_format, zone));
  });
}

function oneCharacter(option: string, text: string): string {
  if ([...text].length === 1) return text;
  const params = { option, reason: `'${text}' is not one character`, advice: 'Give exactly one character.' };
  throw csvErrors.error('CSV_OPTION', params, { where: { path: [option] } });
}

/** A name cut inside a character pair is written with a question mark, like any lone surrogate. */
function wtf8(name: string): string {
  return name.isWellFormed()
    ? name
    : name.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '?');
}

function inOption<T>(path: readonly string[], call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw isRopewayError(error) ? withPlace(error, { path }) : error;
  }
}
