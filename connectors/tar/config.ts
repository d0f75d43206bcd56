import { z } from 'zod';
import { archiveFields } from '#connectors/archive/config.ts';

export const tarDecoderConfig = z.strictObject(archiveFields());

export type TarDecoderConfig = z.output<typeof tarDecoderConfig>;
