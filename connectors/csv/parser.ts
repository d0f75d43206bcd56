/** The csv parser: bytes in any charset to batches. */
import type { Batch } from '#spi/batch.ts';
import type { ErrorPlace, RopewayError } from '#spi/errors.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import { newlines } from '#spi/newlines.ts';
import type { Parser } from '#spi/files.ts';
import { charsetDecoder } from '#codec/charset/decoder.ts';
import { charsetFamily } from '#codec/charset/names.ts';
import { CsvBatchReader } from '#codec/csv/batch-reader.ts';
import type { CsvReaderOptions } from '#codec/csv/batch-reader.ts';
import type { CsvColumn } from '#codec/csv/cell-columns.ts';
import type { CsvDialect } from '#codec/csv/dialect.ts';
import { csvErrors } from '#codec/csv/errors.ts';
import { columnTimestampParser } from '#codec/time/column-parser.ts';
import { acquireKernel } from '#codec/wasm/kernel.ts';
import type { Kernel } from '#codec/wasm/kernel.ts';
import type { CsvParserConfig } from './config.ts';
import { csvRangeParser } from './range-parser.ts';

const nothing = new Uint8Array(0);

export const csvParser: Parser<CsvParserConfig> = {
  schema(config) {
    csvDialect(config);
    inOption('charset', () => charsetDecoder(config.charset));
    return {
      columns: csvColumns(config).map(({ name, type, format }) => ({
        name,
        type,
        ...(format === undefined ? {} : { format }),
      })),
    };
  },

  async *parse(config, { name, bytes }, ctx) {
    const decoder = charsetDecoder(config.charset);
    let kernel: Kernel | undefined;
    let reader: CsvBatchReader | undefined;
    const reject = (reason: RopewayError, line: number, text: string): void => {
      const where = { file: name, line };
      stopAt(config, reason, where);
      ctx.reject({ reason, where: { ...where, ...reason.where }, text });
    };
    // The first piece tells whether the file is large enough for a kernel.
    const read = (piece: Uint8Array, isLast: boolean): Generator<Batch> => {
      kernel ??= reader === undefined ? acquireKernel(piece.length) : undefined;
      reader ??= new CsvBatchReader({ ...readerOptions(config), reject, kernel });
      return reader.read(piece, isLast);
    };
    try {
      for await (const chunk of bytes) yield* read(decoder.decode(chunk, false), false);
      yield* read(decoder.decode(nothing, true), true);
    } catch (error) {
      throw isRopewayError(error) && error.where.file === undefined ? withPlace(error, { file: name }) : error;
    } finally {
      kernel?.release();
    }
  },

  openRanges(config) {
    if (charsetFamily(config.charset)?.kind !== 'utf-8') return undefined;
    const check = (reason: RopewayError, where: ErrorPlace): void => stopAt(config, reason, where);
    return csvRangeParser({ ...readerOptions(config), charset: config.charset, check });
  },
};

function stopAt(config: CsvParserConfig, reason: RopewayError, where: ErrorPlace): void {
  if (config.stop_on_invalid_record) throw withPlace(reason, where);
}

function readerOptions(config: CsvParserConfig): Omit<CsvReaderOptions, 'reject'> {
  return {
    columns: csvColumns(config),
    dialect: csvDialect(config),
    nullString: config.null_string,
    allowOptionalColumns: config.allow_optional_columns,
    allowExtraColumns: config.allow_extra_columns,
    skipHeaderLines: config.header_line === true ? 1 : config.skip_header_lines,
  };
}

/** The dialect of the options; throws for what cannot be. */
export function csvDialect(config: CsvParserConfig): CsvDialect {
  if (config.header_line === true && config.skip_header_lines > 0) {
    refuse('header_line', 'skip_header_lines says the same', 'Remove header_line.');
  }
  if (config.delimiter === '') refuse('delimiter', 'it is empty', 'Give at least one character.');
  const strayQuotes = config.quotes_in_quoted_fields === 'ACCEPT_STRAY_QUOTES_ASSUMING_NO_DELIMITERS_IN_FIELDS';
  if (strayQuotes && config.trim_if_not_quoted) {
    refuse(
      'quotes_in_quoted_fields',
      'stray quotes and trim_if_not_quoted do not go together',
      'Switch one of them off.',
    );
  }
  return {
    delimiter: config.delimiter,
    // An empty quote is the usual one, a peculiarity of the original; an empty escape is none.
    quote: config.quote === '' ? '"' : oneCharacter('quote', config.quote),
    escape: config.escape === '' ? null : oneCharacter('escape', config.escape),
    newline: newlines[config.newline],
    trimIfNotQuoted: config.trim_if_not_quoted,
    strayQuotes,
    maxQuotedSizeLimit: config.max_quoted_size_limit,
    commentLineMarker: config.comment_line_marker,
    lineDelimiterRecognized: config.line_delimiter_recognized,
  };
}

function oneCharacter(option: string, text: string | null): string | null {
  if (text !== null && text.length !== 1)
    refuse(option, `'${text}' is not one character`, 'Give one character, or null.');
  return text;
}

function csvColumns(config: CsvParserConfig): readonly CsvColumn[] {
  return config.columns.map(({ name, type, format, timezone, date }, index): CsvColumn => {
    const shown = format === undefined ? {} : { format };
    if (type !== 'timestamp') return { name, type, ...shown };
    const formatText = format ?? config.default_timestamp_format;
    const parser = columnTimestampParser({ format, timezone, date }, config, index);
    return { name, type, ...shown, parser, formatText };
  });
}

/** Errors of a codec, placed at the option that they are about. */
function inOption<T>(option: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw isRopewayError(error) ? withPlace(error, { path: [option] }) : error;
  }
}

function refuse(option: string, reason: string, advice: string): never {
  throw csvErrors.error('CSV_OPTION', { option, reason, advice }, { where: { path: [option] } });
}
