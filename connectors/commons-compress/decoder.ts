/** The commons-compress decoder: by the names that the Embulk plugin has for formats, or by the first bytes. */
import { bunzip2 } from '#codec/compression/bzip2-decoder.ts';
import { inFile } from '#codec/compression/in-file.ts';
import { gunzip } from '#codec/compression/zlib-codecs.ts';
import { archiveOptionErrors } from '#connectors/archive/errors.ts';
import { one, unpackTar, unpackZip } from '#connectors/archive/unpacking.ts';
import type { TaskContext } from '#spi/context.ts';
import type { ArchiveDecoder, Bytes, InnerFile } from '#spi/files.ts';
import type { CommonsCompressDecoderConfig } from './config.ts';

type Format = 'zip' | 'tar' | 'gzip' | 'bzip2';

const formats: Readonly<Record<string, Format>> = {
  zip: 'zip',
  jar: 'zip',
  tar: 'tar',
  gz: 'gzip',
  gzip: 'gzip',
  bz2: 'bzip2',
  bzip2: 'bzip2',
};

/** Short names, by what the file is from outside to inside. */
const combined: Readonly<Record<string, readonly Format[]>> = {
  tgz: ['gzip', 'tar'],
  'tar.gz': ['gzip', 'tar'],
  tbz: ['bzip2', 'tar'],
  tbz2: ['bzip2', 'tar'],
  tb2: ['bzip2', 'tar'],
  'tar.bz2': ['bzip2', 'tar'],
};

export const commonsCompressDecoder: ArchiveDecoder<CommonsCompressDecoderConfig> = {
  async *unpack(config, bytes, { name }, ctx) {
    const known = formatsOf(config.format);
    if (known.length > 0) {
      yield* opened(known, { name, bytes }, config, ctx);
      return;
    }
    const begun = await beginning(bytes, TAR_MAGIC_END);
    const format = formatOf(begun.head);
    if (format === undefined) {
      const reason = `'${name}' begins like none of the formats that are known`;
      refuse(reason, 'Say what it is: zip, tar, gzip, bzip2, tar.gz, tar.bz2.');
    }
    yield* opened([format], { name, bytes: begun.bytes }, config, ctx);
  },
};

/** From outside to inside; none when the file itself is to tell. */
function formatsOf(text: string): readonly Format[] {
  const short = combined[text.toLowerCase()];
  if (short !== undefined) return short;
  const words = text.split(/\s+/).filter((word) => word !== '');
  return words
    .map((word) => {
      const format = formats[word.toLowerCase()];
      if (format !== undefined) return format;
      return refuse(`'${word}' is not supported`, 'There are zip, tar, gzip, bzip2, tar.gz and tar.bz2.');
    })
    .reverse();
}

async function* opened(
  layers: readonly Format[],
  file: InnerFile,
  config: CommonsCompressDecoderConfig,
  ctx: TaskContext,
): AsyncGenerator<InnerFile> {
  const [layer, ...inner] = layers;
  if (layer === undefined) {
    yield file;
    return;
  }
  for await (const found of layerFiles(layer, file, config, ctx)) yield* opened(inner, found, config, ctx);
}

function layerFiles(
  layer: Format,
  file: InnerFile,
  config: CommonsCompressDecoderConfig,
  ctx: TaskContext,
): AsyncIterable<InnerFile> {
  switch (layer) {
    case 'zip':
      return unpackZip(config, file, ctx);
    case 'tar':
      return unpackTar(config, file);
    case 'gzip':
      return one(file.name, inFile(gunzip(file.bytes), file.name));
    case 'bzip2':
      return one(file.name, inFile(bunzip2(file.bytes), file.name));
  }
}

const TAR_MAGIC_START = 257;
const TAR_MAGIC_END = 262;

function formatOf(head: Buffer): Format | undefined {
  const start = head.toString('latin1', 0, 4);
  if (start.startsWith('PK\x03\x04') || start.startsWith('PK\x05\x06')) return 'zip';
  if (start.startsWith('\x1f\x8b')) return 'gzip';
  if (start.startsWith('BZh')) return 'bzip2';
  return head.toString('latin1', TAR_MAGIC_START, TAR_MAGIC_END) === 'ustar' ? 'tar' : undefined;
}

/** The first bytes, and all of them again. */
async function beginning(bytes: Bytes, count: number): Promise<{ head: Buffer; bytes: Bytes }> {
  const iterator = bytes[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let isEnd = false;
  while (head.length < count && !isEnd) {
    const step = await iterator.next();
    isEnd = step.done === true;
    if (step.done !== true) head = Buffer.concat([head, step.value]);
  }
  async function* again(): AsyncGenerator<Uint8Array> {
    try {
      yield head;
      while (!isEnd) {
        const step = await iterator.next();
        if (step.done === true) return;
        yield step.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { head, bytes: again() };
}

function refuse(reason: string, advice: string): never {
  throw archiveOptionErrors.error(
    'ARCHIVE_OPTION',
    { option: 'format', reason, advice },
    { where: { path: ['format'] } },
  );
}
