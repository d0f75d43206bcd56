import { noOptions, plugin } from '#spi/plugin.ts';

export const gzipDecoderPlugin = plugin({
  kind: 'decoder',
  name: 'gzip',
  title: 'gzip',
  summary: 'Reads .gz files: one stream, also of several members.',
  stability: 'stable',
  config: noOptions,
  examples: [{ title: 'Compressed input', yaml: 'type: gzip\n' }],
  load: async () => (await import('./decoder.ts')).gzipDecoder,
});

export const gzipEncoderPlugin = plugin({
  kind: 'encoder',
  name: 'gzip',
  title: 'gzip',
  summary: 'Writes .gz files: one stream, also of several members.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).gzipEncoderConfig,
  examples: [{ title: 'Small files', yaml: 'type: gzip\nlevel: 9\n' }],
  load: async () => (await import('./encoder.ts')).gzipEncoder,
});
