import { z } from 'zod';
import { option } from '#spi/fields.ts';

export const gzipEncoderConfig = z.strictObject({
  level: option(z.union([z.number().int().min(1).max(9), z.enum(['default', 'fast'])]).default('default'), {
    title: 'Level',
    description:
      "How much work goes into smaller files. `default` is by far the quickest way to files of the size of zlib's " +
      'level 1, and `1` means the same; `fast` is quicker still, with files about a tenth larger. `2` to `9` are those ' +
      'of zlib: with `6`, the level of Embulk, files are about a tenth smaller than with `default`, and take several times longer.',
    examples: ['default', 'fast', 6],
  }),
});

export type GzipEncoderConfig = z.output<typeof gzipEncoderConfig>;
