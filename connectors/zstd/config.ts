import { z } from 'zod';
import { option } from '#spi/fields.ts';

export const zstdEncoderConfig = z.strictObject({
  level: option(z.number().int().min(1).max(19).default(3), {
    title: 'Level',
    description: 'From 1 (fast) to 19 (small).',
  }),
});

export type ZstdEncoderConfig = z.output<typeof zstdEncoderConfig>;
