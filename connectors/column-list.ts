/** The list of columns of parsers whose originals call it `schema`: both names, one meaning. */
import type { z } from 'zod';
import { option } from '#spi/fields.ts';

type Lists<T extends z.ZodType> = {
  columns: z.ZodOptional<z.ZodArray<T>>;
  schema: z.ZodOptional<z.ZodArray<T>>;
};

export function columnLists<T extends z.ZodType>(columns: z.ZodArray<T>, description: string): Lists<T> {
  return {
    columns: option(columns.optional(), { title: 'Columns', description }),
    schema: option(columns.optional(), {
      title: 'Schema',
      description: 'The same as `columns`, by the name that the Embulk plugin has for it.',
      'x-advanced': true,
    }),
  };
}
