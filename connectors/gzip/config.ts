import { z } from 'zod';
import { option } from '#spi/fields.ts';

export const gzipEncoderConfig = z.strictObject({
  level: option(z.number().int().min(1).max(9).default(6), {
    title: 'Level',
    description: 'From 1 (fast) to 9 (small).',
  }),
});

export type GzipEncoderConfig = z.output<typeof gzipEncoderConfig>;
