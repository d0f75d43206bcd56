/** Options that decoders of archives share. */
import { z } from 'zod';
import { option } from '#spi/fields.ts';

interface ArchiveFields {
  match_name: z.ZodDefault<z.ZodString>;
  name_charset: z.ZodDefault<z.ZodString>;
}

export function archiveFields(): ArchiveFields {
  return {
    match_name: option(z.string().default(''), {
      title: 'Match names',
      description:
        "Only files in whose name (with its folders) this regular expression (Java's notation) finds something are read; by default all.",
      examples: ['\\.csv$', '^data/2026-'],
    }),
    name_charset: option(z.string().default('MS932'), {
      title: 'Charset of names',
      description: 'Charset of names that are not UTF-8. Names are used for messages and for `match_name` only.',
      'x-advanced': true,
    }),
  };
}

export function maxRatio(): z.ZodDefault<z.ZodNumber> {
  return option(z.number().min(1).default(200), {
    title: 'Largest ratio',
    description:
      'How many times its own size an archive may become before it is taken for an attack; up to 256 MiB it may in any case.',
    'x-advanced': true,
  });
}
