/** Fields that many resources have: one spelling, one meaning, one limit. */
import { z } from 'zod';

export const NAME_LENGTH_MAX = 200;
export const TEXT_LENGTH_MAX = 10_000;

/** A lower-case ULID. */
export const ID_PATTERN = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

export const id = z.string().regex(ID_PATTERN, 'this is no id').describe('Identity, a lower-case ULID.');

export const instant = z.iso.datetime().describe('An instant, in UTC.');

/** Shown in lists and messages: one line, and not to be taken for an id. */
export const name = z
  .string()
  .trim()
  .min(1)
  .max(NAME_LENGTH_MAX)
  // Control characters would break lines of logs and tables.
  // oxlint-disable-next-line no-control-regex -- that is what is refused
  .refine((text) => !/[\u0000-\u001f\u007f]/.test(text), 'control characters are not allowed')
  .refine((text) => !ID_PATTERN.test(text), 'a name must not look like an id')
  .describe('Name, unique in the workspace among its kind.');

export const idParams = z.strictObject({ id });

/** A part of a name, whatever the case. */
export const searchText = z.string().min(1).max(NAME_LENGTH_MAX);
