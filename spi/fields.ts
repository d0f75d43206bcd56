/** Options that several plugins share: one spelling, one meaning, one text. */
import { z } from 'zod';

/**
 * What a text is to whoever reads it; it decides what may be put into it. `text`: anything. `line`: one line. `name`: of
 * a table, bucket and the like. `path`: of a file. `url`: an address. `code`: SQL and whatever else a text can act in.
 */
export type TextUse = 'text' | 'line' | 'name' | 'path' | 'url' | 'code';

/** What a person is told about an option. `title` and `description` are data: forms, help and pages show them. */
export interface OptionText {
  readonly title: string;
  /** Full sentences. */
  readonly description: string;
  readonly examples?: readonly unknown[];
  /** Hidden behind "Advanced" in forms. */
  readonly 'x-advanced'?: boolean;
  /** Never shown, logged or exported. */
  readonly 'x-secret'?: boolean;
  readonly 'x-group'?: string;
  /** Variables (`$name$`) may stand in it, in its items and members too: in a text, that is, and in no secret. */
  readonly 'x-variables'?: TextUse;
}

/**
 * Declares an option: a zod type of plain JSON, with its text. Types stay strict; the engine coerces scalars as
 * Embulk does (`"10"` for a number) before it validates.
 */
export function option<T extends z.ZodType>(type: T, text: OptionText): T {
  return type.meta({ ...text });
}

/** The same option, open to variables: for one that a connection has as well, where it is closed. */
export function openTo<T extends z.ZodType>(type: T, use: TextUse): T {
  return type.meta({ ...type.meta(), 'x-variables': use });
}

export const charset: z.ZodDefault<z.ZodString> = option(z.string().default('utf-8'), {
  title: 'Charset',
  description: 'Character encoding by its Java or IANA name; upper and lower case do not matter.',
  examples: ['UTF-8', 'MS932', 'EUC-JP', 'ISO-8859-1'],
});

type Newline = z.ZodEnum<{ CRLF: 'CRLF'; LF: 'LF'; CR: 'CR' }>;

export function newlineName(): Newline {
  return z.enum(['CRLF', 'LF', 'CR']);
}

const timestampFormatText =
  "A format in Ruby's strptime notation, or `java:` or `ruby:` followed by a pattern of that notation.";

/** Options of everything that reads timestamps from text. */
export function timestampParsingFields(): {
  default_timezone: z.ZodDefault<z.ZodString>;
  default_timestamp_format: z.ZodDefault<z.ZodString>;
  default_date: z.ZodDefault<z.ZodString>;
} {
  return {
    default_timezone: option(z.string().default('UTC'), {
      title: 'Default time zone',
      description: 'Zone of timestamps whose text names none: an offset, `UTC` or a region.',
      examples: ['UTC', '+09:00', 'Asia/Tokyo'],
    }),
    default_timestamp_format: option(z.string().default('%Y-%m-%d %H:%M:%S.%N %z'), {
      title: 'Default timestamp format',
      description: `Format of timestamp columns that give none. ${timestampFormatText}`,
      examples: ['%Y-%m-%d %H:%M:%S'],
    }),
    default_date: option(z.string().default('1970-01-01'), {
      title: 'Default date',
      description: 'Date of timestamps whose format has no date. Write it in quotes.',
      examples: ['2015-01-02'],
      'x-advanced': true,
    }),
  };
}

/** The `columns` of a parser: what every entry may say. A plugin adds its own keys with `extend`. */
export function parserColumn(): z.ZodObject<
  {
    name: z.ZodString;
    type: z.ZodEnum<{
      boolean: 'boolean';
      long: 'long';
      double: 'double';
      string: 'string';
      timestamp: 'timestamp';
      json: 'json';
    }>;
    format: z.ZodOptional<z.ZodString>;
    timezone: z.ZodOptional<z.ZodString>;
    date: z.ZodOptional<z.ZodString>;
  },
  z.core.$strict
> {
  return z.strictObject({
    name: option(z.string(), { title: 'Name', description: 'Name of the column.' }),
    type: option(z.enum(['boolean', 'long', 'double', 'string', 'timestamp', 'json']), {
      title: 'Type',
      description: 'Type of the column.',
    }),
    format: option(z.string().optional(), {
      title: 'Format',
      description: `For timestamps. ${timestampFormatText}`,
      examples: ['%Y-%m-%d'],
    }),
    timezone: option(z.string().optional(), {
      title: 'Time zone',
      description: 'For timestamps: zone of texts that name none, instead of `default_timezone`.',
    }),
    date: option(z.string().optional(), {
      title: 'Date',
      description: 'For timestamps: date of texts without one, instead of `default_date`.',
    }),
  });
}

/** Options of everything that writes timestamps as text. */
export function timestampFormattingFields(): {
  default_timezone: z.ZodDefault<z.ZodString>;
  default_timestamp_format: z.ZodDefault<z.ZodString>;
} {
  return {
    default_timezone: option(z.string().default('UTC'), {
      title: 'Default time zone',
      description: 'Zone that timestamps are written in: an offset, `UTC` or a region.',
      examples: ['UTC', 'Asia/Tokyo'],
    }),
    default_timestamp_format: option(z.string().default('%Y-%m-%d %H:%M:%S.%6N %z'), {
      title: 'Default timestamp format',
      description: "Format of timestamp columns that have no option of their own, in Ruby's strftime notation.",
      examples: ['%Y-%m-%dT%H:%M:%S.%LZ'],
    }),
  };
}

/** Formats of single timestamp columns, by the name of the column. */
export function timestampColumnOptions(): z.ZodDefault<
  z.ZodRecord<
    z.ZodString,
    z.ZodObject<{ format: z.ZodOptional<z.ZodString>; timezone: z.ZodOptional<z.ZodString> }, z.core.$strict>
  >
> {
  const column = z.strictObject({
    format: option(z.string().optional(), {
      title: 'Format',
      description: "For timestamps: a format in Ruby's strftime notation.",
    }),
    timezone: option(z.string().optional(), {
      title: 'Time zone',
      description: 'For timestamps: the zone to write them in.',
    }),
  });
  return option(z.record(z.string(), column).default({}), {
    title: 'Column options',
    description: 'Formats of single columns, by name.',
    examples: [{ created_at: { format: '%Y-%m-%d', timezone: 'Asia/Tokyo' } }],
  });
}
