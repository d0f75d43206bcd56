import { noOptions, plugin } from '#spi/plugin.ts';

export const bzip2DecoderPlugin = plugin({
  kind: 'decoder',
  name: 'bzip2',
  title: 'bzip2',
  summary: 'Reads .bz2 files; the level is the size of its blocks in 100 kB.',
  stability: 'stable',
  config: noOptions,
  examples: [{ title: 'Compressed input', yaml: 'type: bzip2\n' }],
  load: async () => (await import('./decoder.ts')).bzip2Decoder,
});

export const bzip2EncoderPlugin = plugin({
  kind: 'encoder',
  name: 'bzip2',
  title: 'bzip2',
  summary: 'Writes .bz2 files; the level is the size of its blocks in 100 kB.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).bzip2EncoderConfig,
  examples: [{ title: 'Small files', yaml: 'type: bzip2\nlevel: 9\n' }],
  load: async () => (await import('./encoder.ts')).bzip2Encoder,
});
