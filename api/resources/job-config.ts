import { z } from 'zod';

/** An Embulk configuration as JSON. */
export const jobConfig = z
  .record(z.string().max(200), z.unknown())
  .describe(
    'An Embulk configuration as JSON: `in`, `filters`, `out`, `exec`. A section may say `connection:` with the id or ' +
      'name of a connection instead of the options that the connection has.',
  );
