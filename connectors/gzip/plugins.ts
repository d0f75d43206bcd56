import { z } from 'zod';
import { option } from '#spi/fields.ts';
import { plugin } from '#spi/plugin.ts';

export const gzipEncoderConfig = z.strictObject({
  level: option(z.number().int().min(1).max(9).default(6), {
    title: 'Level',
    description: 'From 1 (fast) to 9 (small).',
  }),
});

export type GzipEncoderConfig = z.output<typeof gzipEncoderConfig>;

export const gzipDecoderPlugin = plugin({
  kind: 'decoder',
  name: 'gzip',
  title: 'gzip',
  summary: 'Reads .gz files: one stream, also of several members.',
  stability: 'stable',
  config: z.strictObject({}),
  examples: [{ title: 'Compressed input', yaml: 'type: gzip\n' }],
  load: async () => (await import('./decoder.ts')).gzipDecoder,
});

export const gzipEncoderPlugin = plugin({
  kind: 'encoder',
  name: 'gzip',
  title: 'gzip',
  summary: 'Writes .gz files: one stream, also of several members.',
  stability: 'stable',
  config: gzipEncoderConfig,
  examples: [{ title: 'Small files', yaml: 'type: gzip\nlevel: 9\n' }],
  load: async () => (await import('./encoder.ts')).gzipEncoder,
});
