import { plugin } from '#spi/plugin.ts';

export const commonsCompressDecoderPlugin = plugin({
  kind: 'decoder',
  name: 'commons-compress',
  title: 'Archives',
  summary: 'Reads archives and compressed files of several formats: zip, tar, tar.gz, tar.bz2, gzip, bzip2.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).commonsCompressDecoderConfig,
  examples: [{ title: 'Files in a compressed archive', yaml: 'type: commons-compress\nformat: tar.gz\n' }],
  load: async () => (await import('./decoder.ts')).commonsCompressDecoder,
});
