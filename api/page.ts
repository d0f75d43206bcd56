/** Lists come in pages: `limit` and `cursor` in, `items` and `next` out. */
import { z } from 'zod';

export const PAGE_LIMIT_DEFAULT = 50;
export const PAGE_LIMIT_MAX = 200;
/** Characters; ours are far shorter. */
export const CURSOR_LENGTH_MAX = 500;

/** In the query of every list. */
export const pageQuery = {
  limit: z.int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT_DEFAULT).describe('Items of a page at most.'),
  cursor: z.string().max(CURSOR_LENGTH_MAX).optional().describe('The `next` of the page before. Opaque.'),
};

type Page<Item extends z.ZodType> = z.ZodObject<{ items: z.ZodArray<Item>; next: z.ZodOptional<z.ZodString> }>;

export function pageOf<Item extends z.ZodType>(item: Item): Page<Item> {
  return z.object({
    items: z.array(item).describe('In the order of the list.'),
    next: z
      .string()
      .optional()
      .describe(
        'Where the next page begins; absent at the end. A page may hold fewer items than the limit, even none, and ' +
          'still have a next one.',
      ),
  });
}
