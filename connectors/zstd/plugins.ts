import { noOptions, plugin } from '#spi/plugin.ts';

export const zstdDecoderPlugin = plugin({
  kind: 'decoder',
  name: 'zstd',
  title: 'Zstandard',
  summary: 'Reads .zst files: much faster than gzip at the same size.',
  stability: 'stable',
  config: noOptions,
  examples: [{ title: 'Compressed input', yaml: 'type: zstd\n' }],
  load: async () => (await import('./decoder.ts')).zstdDecoder,
});

export const zstdEncoderPlugin = plugin({
  kind: 'encoder',
  name: 'zstd',
  title: 'Zstandard',
  summary: 'Writes .zst files: much faster than gzip at the same size.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).zstdEncoderConfig,
  examples: [{ title: 'Small files', yaml: 'type: zstd\nlevel: 19\n' }],
  load: async () => (await import('./encoder.ts')).zstdEncoder,
});
