/** What runs and definitions both say. */
import { z } from 'zod';

/** An Embulk configuration as JSON. */
export const jobConfig = z
  .record(z.string().max(200), z.unknown())
  .describe(
    'An Embulk configuration as JSON: `in`, `filters`, `out`, `exec`. A section may say `connection:` with the id or ' +
      'name of a connection instead of the options that the connection has.',
  );

export const priority = z.int().min(0).max(9).describe('9 goes first.');
export const memoryMb = z.int().min(128).max(1_048_576).describe('Memory of a run, in MiB.');
export const cpuMillis = z.int().min(100).max(256_000).describe('CPU of a run, in thousandths of a core.');
