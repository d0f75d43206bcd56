/** From the options of a decoder of archives to the files it gives. */
import { charsetDecoder } from '#codec/charset/decoder.ts';
import { isAppleDouble } from '#codec/archive/entry-names.ts';
import { tarFiles } from '#codec/archive/tar.ts';
import { firstOfCutZip, zipFiles } from '#codec/archive/zip.ts';
import { readZipDirectory } from '#codec/archive/zip-directory.ts';
import { javaRegex } from '#codec/regex/java.ts';
import { spool } from '#connectors/spool/spool.ts';
import type { TaskContext } from '#spi/context.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { Bytes, InnerFile } from '#spi/files.ts';
import { archiveOptionErrors } from './errors.ts';

export interface ArchiveConfig {
  readonly match_name: string;
  readonly name_charset: string;
}

export interface OuterFile {
  readonly name: string;
  readonly bytes: Bytes;
}

export async function* unpackTar(config: ArchiveConfig, file: OuterFile): AsyncGenerator<InnerFile> {
  const matches = nameFilter(config);
  const isWanted = (name: string): boolean => !isAppleDouble(name) && matches(name);
  yield* inArchive(tarFiles(file.bytes, { isWanted, nameCharset: config.name_charset }), file.name);
}

/** Zip has its table of contents at the end, so that the archive is put aside first. */
export async function* unpackZip(
  config: ArchiveConfig & { readonly max_ratio: number },
  file: OuterFile,
  ctx: TaskContext,
): AsyncGenerator<InnerFile> {
  const isWanted = nameFilter(config);
  await using source = await spool(file.bytes, ctx);
  // No bytes at all are no files.
  if (source.sizeBytes === 0) return;
  const options = { isWanted, nameCharset: config.name_charset, maxRatio: config.max_ratio };
  // A look at a file (`guess`) has only its beginning.
  const isCut = ctx.isPreview && (await readZipDirectory(source)) === undefined;
  const files = isCut ? one('first file', firstOfCutZip(source)) : zipFiles(source, options);
  yield* inArchive(files, file.name);
}

export async function* one(name: string, bytes: Bytes): AsyncGenerator<InnerFile> {
  yield { name, bytes };
}

/** The files with the name of the archive before theirs; errors are told to be about the one or the other. */
async function* inArchive(files: AsyncIterable<InnerFile>, archive: string): AsyncGenerator<InnerFile> {
  try {
    for await (const { name, bytes } of files) {
      const whole = `${archive}#${name}`;
      yield { name: whole, bytes: placed(bytes, whole) };
    }
  } catch (error) {
    throw isRopewayError(error) ? withPlace(error, { file: archive }) : error;
  }
}

async function* placed(bytes: Bytes, file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    throw isRopewayError(error) ? withPlace(error, { file }) : error;
  }
}

/** Throws for what is no expression, or no charset. */
function nameFilter({ match_name: pattern, name_charset: charset }: ArchiveConfig): (name: string) => boolean {
  try {
    charsetDecoder(charset);
  } catch (error) {
    throw isRopewayError(error) ? withPlace(error, { path: ['name_charset'] }) : error;
  }
  if (pattern === '') return () => true;
  try {
    const expression = javaRegex(pattern);
    return (name) => name.search(expression) >= 0;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const params = { option: 'match_name', reason: error.message, advice: 'Check the regular expression.' };
    throw archiveOptionErrors.error('ARCHIVE_OPTION', params, { where: { path: ['match_name'] }, cause: error });
  }
}
