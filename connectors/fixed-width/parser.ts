/** The fixed_width parser: columns by their places, in characters or bytes. */
import type { Batch } from '#spi/batch.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { Bytes, Parser } from '#spi/files.ts';
import { charsetFamily } from '#codec/charset/names.ts';
import { FixedWidthReader } from '#codec/fixed-width/batch-reader.ts';
import type { FixedColumn } from '#codec/fixed-width/batch-reader.ts';
import { fixedWidthErrors } from '#codec/fixed-width/errors.ts';
import { checkCharset, readDecoded, rejecter, schemaOfColumns, textColumns } from '#connectors/text-parsing.ts';
import type { FixedWidthParserConfig } from './config.ts';

export const fixedWidthParser: Parser<FixedWidthParserConfig> = {
  schema(config) {
    checkCharset(config.charset);
    checkUnit(config);
    return schemaOfColumns(fixedColumns(config));
  },

  parse(config, file, ctx) {
    const reader = new FixedWidthReader({
      columns: fixedColumns(config),
      unit: config.unit,
      charset: config.charset,
      recordLength: config.record_length,
      skipHeaderLines: config.skip_header_lines,
      commentMarker: config.comment_line_marker === '' ? null : config.comment_line_marker,
      nullString: config.null_string,
      allowOptionalColumns: config.allow_optional_columns,
      allowExtraColumns: config.allow_extra_columns,
      reject: rejecter(config, file.name, ctx),
    });
    return config.unit === 'bytes' ? readBytes(reader, file) : readDecoded(reader, file, config.charset);
  },
};

const nothing = new Uint8Array(0);

async function* readBytes(
  reader: FixedWidthReader,
  { name, bytes }: { readonly name: string; readonly bytes: Bytes },
): AsyncGenerator<Batch> {
  try {
    for await (const chunk of bytes) yield* reader.read(chunk, false);
    yield* reader.read(nothing, true);
  } catch (error) {
    throw isRopewayError(error) && error.where.file === undefined ? withPlace(error, { file: name }) : error;
  }
}

function fixedColumns(config: FixedWidthParserConfig): readonly FixedColumn[] {
  let next = 0;
  return textColumns(config.columns, config).map((column, index): FixedColumn => {
    const written = config.columns[index];
    const from = written?.start === undefined ? next : written.start - 1;
    next = from + (written?.width ?? 0);
    if (config.record_length !== undefined && next > config.record_length) {
      const reason = `the column '${column.name}' ends at ${next}, behind the record`;
      refuse('record_length', reason, 'Check `width` and `start` of the columns.');
    }
    const rule = written?.trim ?? config.trim;
    const trimsStart = rule === 'both' || rule === 'start';
    return { ...column, from, to: next, trimsStart, trimsEnd: rule === 'both' || rule === 'end' };
  });
}

/** Bytes can be cut apart in charsets whose line breaks and characters stand for themselves wherever they are. */
function checkUnit({ unit, charset, record_length: length }: FixedWidthParserConfig): void {
  if (unit !== 'bytes') return;
  const family = charsetFamily(charset);
  const isWide = family?.kind === 'utf-16' || family?.kind === 'utf-32';
  if (isWide && length === undefined) {
    refuse('unit', `lines of ${charset} cannot be found by bytes`, 'Set `unit: characters`, or give `record_length`.');
  }
  const isStateful = family?.kind === 'platform' && family.label === 'iso-2022-jp';
  if (isStateful) refuse('unit', `characters of ${charset} depend on those before`, 'Set `unit: characters`.');
}

function refuse(option: string, reason: string, advice: string): never {
  throw fixedWidthErrors.error('FIXED_WIDTH_OPTION', { option, reason, advice }, { where: { path: [option] } });
}
