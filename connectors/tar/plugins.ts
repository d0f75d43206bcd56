import { plugin } from '#spi/plugin.ts';

export const tarDecoderPlugin = plugin({
  kind: 'decoder',
  name: 'tar',
  title: 'tar',
  summary: 'Reads the files in .tar archives, each as a file of its own; behind `gzip` also those in .tar.gz.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).tarDecoderConfig,
  examples: [{ title: 'Only some files', yaml: 'type: tar\nmatch_name: \\.csv$\n' }],
  load: async () => (await import('./decoder.ts')).tarDecoder,
});
