import { z } from 'zod';
import { option } from '#spi/fields.ts';
import { plugin } from '#spi/plugin.ts';

export const zstdEncoderConfig = z.strictObject({
  level: option(z.number().int().min(1).max(19).default(3), {
    title: 'Level',
    description: 'From 1 (fast) to 19 (small).',
  }),
});

export type ZstdEncoderConfig = z.output<typeof zstdEncoderConfig>;

export const zstdDecoderPlugin = plugin({
  kind: 'decoder',
  name: 'zstd',
  title: 'Zstandard',
  summary: 'Reads .zst files: much faster than gzip at the same size.',
  stability: 'stable',
  config: z.strictObject({}),
  examples: [{ title: 'Compressed input', yaml: 'type: zstd\n' }],
  load: async () => (await import('./decoder.ts')).zstdDecoder,
});

export const zstdEncoderPlugin = plugin({
  kind: 'encoder',
  name: 'zstd',
  title: 'Zstandard',
  summary: 'Writes .zst files: much faster than gzip at the same size.',
  stability: 'stable',
  config: zstdEncoderConfig,
  examples: [{ title: 'Small files', yaml: 'type: zstd\nlevel: 19\n' }],
  load: async () => (await import('./encoder.ts')).zstdEncoder,
});
