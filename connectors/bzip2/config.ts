import { z } from 'zod';
import { option } from '#spi/fields.ts';

export const bzip2EncoderConfig = z.strictObject({
  level: option(z.number().int().min(1).max(9).default(9), {
    title: 'Level',
    description: 'From 1 (fast) to 9 (small).',
  }),
});

export type Bzip2EncoderConfig = z.output<typeof bzip2EncoderConfig>;
