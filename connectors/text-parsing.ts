/** What parsers of text formats have in common: their columns, their charset, and what becomes of bad records. */
import type { TaskContext } from '#spi/context.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { ErrorPlace, RopewayError } from '#spi/errors.ts';
import type { Bytes } from '#spi/files.ts';
import type { Batch } from '#spi/batch.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { charsetDecoder } from '#codec/charset/decoder.ts';
import type { TextColumn } from '#codec/cells/text-columns.ts';
import { columnTimestampParser } from '#codec/time/column-parser.ts';
import type { TimestampColumn, TimestampDefaults } from '#codec/time/column-parser.ts';

/** Columns of a config as the codec wants them; throws for formats, zones and dates that cannot be. */
export function textColumns(
  columns: readonly (Pick<Column, 'name' | 'type'> & TimestampColumn)[],
  defaults: TimestampDefaults,
  list = 'columns',
): readonly TextColumn[] {
  return columns.map((column, index): TextColumn => {
    const { name, type, format } = column;
    const shown = format === undefined ? {} : { format };
    if (type !== 'timestamp') return { name, type, ...shown };
    return { name, type, ...shown, parser: columnTimestampParser(column, defaults, index, list) };
  });
}

export function schemaOfColumns(columns: readonly TextColumn[]): Schema {
  return {
    columns: columns.map(({ name, type, format }) => ({ name, type, ...(format === undefined ? {} : { format }) })),
  };
}

/** Throws for a charset that is none, at its option. */
export function checkCharset(charset: string): void {
  try {
    charsetDecoder(charset);
  } catch (error) {
    throw isRopewayError(error) ? withPlace(error, { path: ['charset'] }) : error;
  }
}

/** Reads one piece of text after the other. */
interface TextReader {
  read(chunk: Uint8Array, isLast: boolean): Iterable<Batch>;
}

const nothing = new Uint8Array(0);

/** The batches of a file by a reader of UTF-8, with errors told to be about the file. */
export async function* readDecoded(
  reader: TextReader,
  { name, bytes }: { readonly name: string; readonly bytes: Bytes },
  charset: string,
): AsyncGenerator<Batch> {
  const decoder = charsetDecoder(charset);
  try {
    for await (const chunk of bytes) yield* reader.read(decoder.decode(chunk, false), false);
    yield* reader.read(decoder.decode(nothing, true), true);
  } catch (error) {
    throw isRopewayError(error) && error.where.file === undefined ? withPlace(error, { file: name }) : error;
  }
}

/** What is done with a bad record: it is left out, or it ends the run. */
export function rejecter(
  { stop_on_invalid_record: stops }: { readonly stop_on_invalid_record: boolean },
  file: string,
  ctx: TaskContext,
): (reason: RopewayError, place: ErrorPlace, text: string) => void {
  return (reason, place, text) => {
    const where = { file, ...place };
    if (stops) throw withPlace(reason, where);
    ctx.reject({ reason, where: { ...where, ...reason.where }, text });
  };
}
