import { z } from 'zod';
import { newlineName, option } from '#spi/fields.ts';
import { jsonRecordFields } from '#connectors/jsonl/config.ts';

export const jsonFormatterConfig = z.strictObject({
  pretty: option(z.boolean().default(false), {
    title: 'Pretty',
    description:
      'Writes every member on a line of its own, instead of every record. Values of json columns stay as they are.',
  }),
  newline: option(newlineName().default('LF'), {
    title: 'Newline',
    description: 'What ends every line, the last one too.',
  }),
  ...jsonRecordFields,
});

export type JsonFormatterConfig = z.output<typeof jsonFormatterConfig>;
