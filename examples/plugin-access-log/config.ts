import { option } from 'ropeway/spi/fields.js';
import { z } from 'zod';

export const accessLogConfig = z.strictObject({
  format: option(z.enum(['common', 'combined']).default('combined'), {
    title: 'Format',
    description: 'The format of the lines: `combined` has the referrer and the browser behind what `common` has.',
  }),
  with_query: option(z.boolean().default(true), {
    title: 'With query',
    description: 'Keeps what stands behind the question mark of a path, which may hold private things.',
  }),
});

export type AccessLogConfig = z.output<typeof accessLogConfig>;
