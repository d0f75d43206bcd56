import { z } from 'zod';
import { charset, newlineName, option, timestampColumnOptions, timestampParsingFields } from '#spi/fields.ts';
import { jsonColumns } from '#connectors/json/config.ts';

export const jsonlParserConfig = z.strictObject({
  columns: option(jsonColumns.optional(), {
    title: 'Columns',
    description: 'Columns to take from the objects. Without them there is one column `record` of type json.',
  }),
  stop_on_invalid_record: option(z.boolean().default(false), {
    title: 'Stop at invalid records',
    description: 'Ends the run at the first line that is no JSON object, instead of skipping it.',
  }),
  charset,
  ...timestampParsingFields(),
});

export type JsonlParserConfig = z.output<typeof jsonlParserConfig>;

/** What both formatters of JSON records can be told. */
export const jsonRecordFields = {
  default_timezone: option(z.string().default('UTC'), {
    title: 'Default time zone',
    description: 'Zone that timestamps are written in: an offset, `UTC` or a region.',
    examples: ['UTC', 'Asia/Tokyo'],
  }),
  default_timestamp_format: option(z.string().default('%Y-%m-%dT%H:%M:%S.%6N%:z'), {
    title: 'Default timestamp format',
    description: "Format of timestamps, in Ruby's strftime notation; by default ISO 8601 with microseconds.",
  }),
  column_options: timestampColumnOptions(),
};

export const jsonlFormatterConfig = z.strictObject({
  newline: option(newlineName().default('LF'), {
    title: 'Newline',
    description: 'What ends every line, the last one too.',
  }),
  ...jsonRecordFields,
});

export type JsonlFormatterConfig = z.output<typeof jsonlFormatterConfig>;

export type JsonRecordConfig = Omit<JsonlFormatterConfig, 'newline'>;
