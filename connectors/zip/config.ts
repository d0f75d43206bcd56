import { z } from 'zod';
import { archiveFields, maxRatio } from '#connectors/archive/config.ts';

export const zipDecoderConfig = z.strictObject({ ...archiveFields(), max_ratio: maxRatio() });

export type ZipDecoderConfig = z.output<typeof zipDecoderConfig>;
