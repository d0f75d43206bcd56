import { z } from 'zod';
import { archiveFields, maxRatio } from '#connectors/archive/config.ts';
import { option } from '#spi/fields.ts';

export const commonsCompressDecoderConfig = z.strictObject({
  format: option(z.string().default(''), {
    title: 'Format',
    description:
      'What the file is: zip (jar), tar, gzip (gz), bzip2 (bz2), or several of them, such as tgz, tar.gz, tar.bz2 or `tar gzip`. Without it the first bytes decide among zip, tar, gzip and bzip2.',
    examples: ['tar.gz', 'zip'],
  }),
  ...archiveFields(),
  max_ratio: maxRatio(),
});

export type CommonsCompressDecoderConfig = z.output<typeof commonsCompressDecoderConfig>;
