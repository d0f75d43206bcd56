import { z } from 'zod';
import { option } from '#spi/fields.ts';

export const gzipEncoderConfig = z.strictObject({
  level: option(z.union([z.number().int().min(1).max(9), z.enum(['default', 'fast'])]).default('default'), {
    title: 'Level',
    description:
      "How much work goes into smaller files. `default` makes files of about the size of zlib's level 1, several times " +
      'faster, and `1` means the same; `fast` is a fifth faster still, and its files are about a tenth larger. `2` to ' +
      '`9` are those of zlib: `6` is what Embulk does, with files about a tenth smaller than those of `default`, and ten times the work.',
    examples: ['default', 'fast', 6],
  }),
});

export type GzipEncoderConfig = z.output<typeof gzipEncoderConfig>;
