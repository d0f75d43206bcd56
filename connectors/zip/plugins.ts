import { plugin } from '#spi/plugin.ts';

export const zipDecoderPlugin = plugin({
  kind: 'decoder',
  name: 'zip',
  title: 'zip',
  summary: 'Reads the files in .zip archives, each as a file of its own.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).zipDecoderConfig,
  examples: [{ title: 'Only some files', yaml: 'type: zip\nmatch_name: \\.csv$\n' }],
  load: async () => (await import('./decoder.ts')).zipDecoder,
});
