/** Guesses the settings of the csv parser: charset first, then newline, then everything else. */
import { defaultDialect } from '#codec/csv/dialect.ts';
import type { CsvDialect } from '#codec/csv/dialect.ts';
import { LineTokenizer, splitLines } from '#codec/csv/line-tokenizer.ts';
import { charsetDecoder } from '#codec/charset/decoder.ts';
import { newlines } from '#spi/newlines.ts';
import type { Finding, Guess, Guesser } from '#spi/guess.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import { isRopewayError } from '#spi/errors.ts';
import { guessCharset } from './charset-guess.ts';
import type { GuessedType, Row } from './column-types.ts';
import { guessCommentMarker, guessDelimiter, guessEscape, guessNullString, guessQuote } from './dialect-guess.ts';
import { csvFindings } from './findings.ts';
import { findHeader, guessSkippedLines } from './header-guess.ts';
import { guessNewline } from './newline-guess.ts';

const nothing: Guess = { diff: {}, findings: [] };

/** Parsers of files that are no text, or say themselves what charset it has: neither that nor newlines are asked. */
const selfDescribing: ReadonlySet<string> = new Set(['parquet', 'excel', 'poi_excel', 'xml', 'jsonpath']);

/** `csv` guesses types, `csv_all_strings` makes every column a string. */
export function csvGuesser({ isAllStrings }: { isAllStrings: boolean }): Guesser {
  return {
    guess(config, sample) {
      const parser = isJsonObject(config['parser']) ? config['parser'] : {};
      if (typeof parser['type'] === 'string' && selfDescribing.has(parser['type'])) return nothing;
      if (typeof parser['charset'] !== 'string') {
        const { charset, finding } = guessCharset(sample);
        return parserGuess({ charset }, [finding]);
      }
      if (typeof parser['newline'] !== 'string') {
        const newline = guessNewline(sample);
        const sentence = `Lines end with ${newline}.`;
        return parserGuess({ newline }, [{ topic: 'newline', sentence, confidence: 'certain' }]);
      }
      if (parser['type'] !== undefined && parser['type'] !== 'csv') return nothing;
      return guessParser(parser, sample, isAllStrings);
    },
  };
}

function parserGuess(parser: JsonObject, findings: readonly Finding[]): Guess {
  return { diff: { parser }, findings };
}

/** What has been decided so far about the file. */
interface Settings {
  readonly delimiter: string;
  readonly quote: string | null;
  /** Undefined: the key is left out. */
  readonly escape: string | null | undefined;
  readonly nullString: string | undefined;
  readonly newline: keyof typeof newlines;
}

function guessParser(parser: JsonObject, sample: Uint8Array, isAllStrings: boolean): Guess {
  const newline = newlineOf(parser['newline']);
  const lines = sampleLines(sample, String(parser['charset']), {
    newline,
    recognized: parser['line_delimiter_recognized'],
  });
  if (lines.length === 0) return nothing;
  const settings = guessSettings(parser, lines, newline);
  const skipped = guessSkippedLines(tokenize(lines, settings, { skipEmptyLines: false }));
  const body = lines.slice(skipped);
  const marker = textOption(parser, 'comment_line_marker') ?? guessCommentMarker(body, settings);
  const records = marker === undefined ? body : body.filter((line) => !line.startsWith(marker));
  const plain = tokenize(records, settings, {});
  const trimmed = tokenize(records, settings, { trims: true });
  const [firstRow] = plain;
  if (firstRow === undefined) return nothing;
  const given = typeof parser['trim_if_not_quoted'] === 'boolean' ? parser['trim_if_not_quoted'] : undefined;
  const header = findHeader({ plain, trimmed, trims: given, lineCount: records.length });
  if (header.types.length === 0) return nothing;
  const columns = columnList(header.isHeader ? header.names : undefined, header.types, isAllStrings);
  const skipHeaderLines = skipped + (header.isHeader ? 1 : 0);
  const diff: JsonObject = {
    type: 'csv',
    delimiter: settings.delimiter,
    quote: settings.quote,
    ...(settings.escape === undefined ? {} : { escape: settings.escape }),
    ...(settings.nullString === undefined ? {} : { null_string: settings.nullString }),
    ...(marker === undefined ? {} : { comment_line_marker: marker }),
    trim_if_not_quoted: header.trims,
    skip_header_lines: skipHeaderLines,
    allow_extra_columns: booleanOption(parser, 'allow_extra_columns'),
    allow_optional_columns: booleanOption(parser, 'allow_optional_columns'),
    columns,
  };
  const rowCount = plain.length - (header.isHeader ? 1 : 0);
  return parserGuess(diff, csvFindings({ ...settings, marker, skipped, header, rowCount, types: header.types }));
}

function newlineOf(value: Json | undefined): keyof typeof newlines {
  return value === 'LF' || value === 'CR' ? value : 'CRLF';
}

/** The complete lines of the sample: a last one without its end may be cut. A byte order mark is no part of them. */
function sampleLines(
  sample: Uint8Array,
  charset: string,
  { newline, recognized }: { newline: keyof typeof newlines; recognized: Json | undefined },
): readonly string[] {
  const text = Buffer.from(charsetDecoder(charset).decode(sample, true))
    .toString('utf8')
    .replace(/^\ufeff/, '');
  const known = recognized === 'CRLF' || recognized === 'LF' || recognized === 'CR' ? recognized : null;
  const lines = splitLines(text, known);
  const isWhole = text.endsWith(newlines[newline]);
  if (known !== null && lines.at(-1) === '') lines.pop();
  return isWhole ? lines : lines.slice(0, -1);
}

function guessSettings(parser: JsonObject, lines: readonly string[], newline: keyof typeof newlines): Settings {
  const delimiter = textOption(parser, 'delimiter') ?? guessDelimiter(lines);
  const quote = 'quote' in parser ? (textOption(parser, 'quote') ?? null) : guessQuote(lines, delimiter);
  const escape =
    'escape' in parser
      ? (textOption(parser, 'escape') ?? null)
      : quote === null
        ? undefined
        : guessEscape(lines, delimiter, quote);
  const nullString = textOption(parser, 'null_string') ?? guessNullString(lines, delimiter);
  return { delimiter, quote, escape, nullString, newline };
}

function textOption(parser: JsonObject, key: string): string | undefined {
  const value = parser[key];
  return typeof value === 'string' ? value : undefined;
}

function booleanOption(parser: JsonObject, key: string): boolean {
  return parser[key] === true;
}

/** Rows of the lines, however many columns they have; lines with broken quotes are left out. */
function tokenize(
  lines: readonly string[],
  settings: Settings,
  { skipEmptyLines = true, trims = false }: { skipEmptyLines?: boolean; trims?: boolean },
): readonly Row[] {
  const dialect: CsvDialect = {
    ...defaultDialect,
    delimiter: settings.delimiter,
    quote: settings.quote,
    escape: settings.escape ?? null,
    newline: newlines[settings.newline],
    trimIfNotQuoted: trims,
  };
  let next = 0;
  const tokenizer = new LineTokenizer({ next: () => lines[next++] }, dialect, { skipEmptyLines });
  const rows: Row[] = [];
  while (tokenizer.nextRecord()) {
    try {
      const row: (string | null)[] = [];
      while (tokenizer.hasNextColumn()) row.push(cell(tokenizer, settings.nullString));
      rows.push(row);
    } catch (error) {
      if (!isRopewayError(error)) throw error;
      tokenizer.skipRecord();
    }
  }
  return rows;
}

function cell(tokenizer: LineTokenizer, nullString: string | undefined): string | null {
  const text = tokenizer.nextColumn();
  if (nullString !== undefined) return text === nullString ? null : text;
  return text === '' && !tokenizer.wasQuoted() ? null : text;
}

function columnList(
  names: Row | undefined,
  types: readonly GuessedType[],
  isAllStrings: boolean,
): readonly JsonObject[] {
  const count = Math.min(names?.length ?? types.length, types.length);
  return types.slice(0, count).map(({ type, format }, index): JsonObject => {
    const name = names === undefined ? `c${index}` : (names[index] ?? '').trim();
    if (isAllStrings) return { name, type: 'string' };
    return { name, type, ...(format === undefined ? {} : { format }) };
  });
}
