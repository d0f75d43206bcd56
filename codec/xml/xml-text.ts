/** The text of an XML file: by its byte order mark, by its declaration, or by what is said of it; else UTF-8. */
import type { Bytes } from '#spi/files.ts';
import { charsetDecoder } from '#codec/charset/decoder.ts';
import { charsetFamily } from '#codec/charset/names.ts';
import { xmlErrors } from './errors.ts';

/** A declaration ends within so many bytes, or there is none. */
const DECLARATION_BYTES_MAX = 1024;

const nothing = new Uint8Array(0);

/** Pieces of text. Bytes that are no characters of the encoding are an error in UTF-8, as XML has it. */
export async function* xmlText(bytes: Bytes, charset: string | undefined): AsyncGenerator<string> {
  let head = Buffer.alloc(0);
  let decode: Decode | undefined;
  for await (const chunk of bytes) {
    if (decode !== undefined) {
      yield decode(chunk, false);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < DECLARATION_BYTES_MAX && !head.includes('>')) continue;
    decode = decoderOf(charset ?? encodingOf(head));
    yield decode(head, false);
  }
  if (decode === undefined) {
    decode = decoderOf(charset ?? encodingOf(head));
    yield decode(head, false);
  }
  yield decode(nothing, true);
}

type Decode = (chunk: Uint8Array, isLast: boolean) => string;

function decoderOf(encoding: string): Decode {
  const family = charsetFamily(encoding);
  if (family === undefined) throw notIn(encoding);
  if (family.kind !== 'utf-8') {
    const decoder = charsetDecoder(encoding);
    let isFirst = true;
    return (chunk, isLast) => {
      const text = Buffer.from(decoder.decode(chunk, isLast)).toString('utf8');
      const isMarked = isFirst && text.startsWith('\ufeff');
      isFirst &&= text === '';
      return isMarked ? text.slice(1) : text;
    };
  }
  const decoder = new TextDecoder('utf-8', { fatal: true });
  return (chunk, isLast) => {
    try {
      return decoder.decode(chunk, { stream: !isLast });
    } catch (error) {
      throw error instanceof TypeError ? notIn(encoding) : error;
    }
  };
}

function notIn(encoding: string): Error {
  return xmlErrors.error('XML_ENCODING', { encoding });
}

/** Wide encodings show in the zeros of the first character, `<`; the others write their declaration in ASCII. */
// oxlint-disable-next-line complexity -- a table of first bytes
function encodingOf(head: Buffer): string {
  const [a = 1, b = 1, c = 1, d = 1] = head;
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe && d === 0xff))
    return 'UTF-32';
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return 'UTF-16';
  if (a === 0 && b === 0 && c === 0) return 'UTF-32BE';
  if (b === 0 && c === 0 && d === 0) return 'UTF-32LE';
  if (a === 0 && b !== 0) return 'UTF-16BE';
  if (a !== 0 && b === 0) return 'UTF-16LE';
  const declaration = /^(?:\xef\xbb\xbf)?<\?xml\s[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(
    head.toString('latin1', 0, DECLARATION_BYTES_MAX),
  );
  return declaration?.[1] ?? 'UTF-8';
}
