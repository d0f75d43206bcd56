/** From UTF-8 (with lone surrogates as WTF-8) to any charset; what it cannot express becomes `?`. */
import { ByteSink } from '#spi/byte-sink.ts';
import { charsetErrors } from './errors.ts';
import { charsetFamily } from './names.ts';
import { doubleByteTable, jis0212Character, singleByteTable, UNMAPPED } from './tables.ts';

export interface CharsetEncoder {
  /** What precedes the text: the byte order mark that Java writes for UTF-16. */
  begin(): Uint8Array;
  /** The text in the charset; borrowed until the next call. Text is cut between characters only. */
  encode(utf8: Uint8Array): Uint8Array;
}

const nothing = new Uint8Array(0);
const QUESTION = 0x3f;

/** Throws CHARSET_UNKNOWN for a name that is none or that can only be read. */
export function charsetEncoder(charset: string): CharsetEncoder {
  const family = charsetFamily(charset);
  switch (family?.kind) {
    case 'utf-8':
      return { begin: () => nothing, encode: replaceSurrogates };
    case 'utf-16': {
      const isLittle = family.order === 'little';
      const mark = Uint8Array.of(0xfe, 0xff);
      return {
        ...codeEncoder((code, sink) => writeUtf16(code, sink, isLittle)),
        begin: () => (family.order === 'mark' ? mark : nothing),
      };
    }
    case 'utf-32': {
      const isLittle = family.order === 'little';
      return codeEncoder((code, sink) => writeUtf32(code, sink, isLittle));
    }
    case 'single':
    case 'double': {
      const codes = family.kind === 'single' ? singleByteCodes(family.name) : doubleByteCodes(family.name);
      return codeEncoder((code, sink) => writeCode(codes.get(code) ?? QUESTION, sink));
    }
    default:
      throw charsetErrors.error('CHARSET_UNKNOWN', { charset });
  }
}

/** UTF-8 as it is; a lone surrogate (ED A0..BF xx) becomes a question mark. Without one there is no copy. */
function replaceSurrogates(utf8: Uint8Array): Uint8Array {
  let found = surrogateAt(utf8, 0);
  if (found < 0) return utf8;
  const sink = new ByteSink(utf8.length);
  let from = 0;
  while (found >= 0) {
    sink.writeBytes(utf8, from, found);
    sink.writeByte(QUESTION);
    from = found + 3;
    found = surrogateAt(utf8, from);
  }
  sink.writeBytes(utf8, from);
  return sink.view();
}

function surrogateAt(bytes: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(0xed, start); at >= 0; at = bytes.indexOf(0xed, at + 1)) {
    if ((bytes[at + 1] ?? 0) >= 0xa0) return at;
  }
  return -1;
}

function codeEncoder(write: (code: number, sink: ByteSink) => void): CharsetEncoder {
  const sink = new ByteSink();
  return {
    begin: () => nothing,
    encode(utf8) {
      sink.clear();
      for (let at = 0; at < utf8.length;) {
        const byte = utf8[at] as number; // bounded by the loop; the rest is well-formed
        if (byte < 0x80) {
          write(byte, sink);
          at += 1;
          continue;
        }
        const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
        let code = byte & (0xff >> (length + 1));
        for (let part = 1; part < length; part++) code = (code << 6) | ((utf8[at + part] as number) & 63);
        write(code >= 0xd800 && code <= 0xdfff ? QUESTION : code, sink);
        at += length;
      }
      return sink.view();
    },
  };
}

function writeCode(code: number, sink: ByteSink): void {
  if (code > 0xffff) sink.writeByte(code >> 16);
  if (code > 0xff) sink.writeByte((code >> 8) & 0xff);
  sink.writeByte(code & 0xff);
}

function writeUtf16(code: number, sink: ByteSink, isLittle: boolean): void {
  const units = code > 0xffff ? [0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff)] : [code];
  for (const unit of units) {
    sink.writeByte(isLittle ? unit & 0xff : unit >> 8);
    sink.writeByte(isLittle ? unit >> 8 : unit & 0xff);
  }
}

function writeUtf32(code: number, sink: ByteSink, isLittle: boolean): void {
  const bytes = [code >>> 24, (code >> 16) & 0xff, (code >> 8) & 0xff, code & 0xff];
  for (const byte of isLittle ? bytes.reverse() : bytes) sink.writeByte(byte);
}

function singleByteCodes(name: string): ReadonlyMap<number, number> {
  const codes = new Map<number, number>();
  for (const [byte, code] of singleByteTable(name).entries()) if (code !== UNMAPPED) codes.set(code, byte);
  return codes;
}

/** Characters with two codes: which one Java writes (IBM's extensions win over NEC's, the standard over both). */
function doubleByteCodes(name: string): ReadonlyMap<number, number> {
  const { single, double } = doubleByteTable(name);
  const codes = new Map<number, number>();
  if (name === 'EUC-JP') addJis0212(codes);
  const pairs = Array.from(double.keys());
  const isPreferred = name === 'MS932' ? ms932Rank : () => 0;
  for (const pair of pairs.sort((a, b) => isPreferred(a) - isPreferred(b) || b - a)) {
    const code = double[pair] as number; // a key of the table
    if (code !== UNMAPPED) codes.set(code, pair);
  }
  for (const [byte, code] of single.entries()) if (code !== UNMAPPED) codes.set(code, byte);
  for (const [code, written] of Object.entries(bestFits[name] ?? {})) codes.set(Number(code), written);
  return codes;
}

const japaneseFits = { 0xa5: 0x5c, 0x203e: 0x7e };
/** Characters that Java writes as a near relation although reading gives that relation. */
const bestFits: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  Shift_JIS: japaneseFits,
  'EUC-JP': japaneseFits,
  MS932: {
    ...japaneseFits,
    0xa2: 0x8191,
    0xa3: 0x8192,
    0xab: 0x81e1,
    0xac: 0x81ca,
    0xaf: 0x8150,
    0xb5: 0x83ca,
    0xb7: 0x8145,
    0xb8: 0x8143,
    0xbb: 0x81e2,
    0x3094: 0x8394,
  },
};

/** Later wins: NEC's selection of IBM characters, then IBM's, then NEC's row 13, then the standard. */
function ms932Rank(pair: number): number {
  const lead = pair >> 8;
  if (lead === 0xed || lead === 0xee) return 0;
  if (lead >= 0xfa) return 1;
  return lead === 0x87 ? 2 : 3;
}

function addJis0212(codes: Map<number, number>): void {
  for (let lead = 0xa1; lead < 0xff; lead++) {
    for (let trail = 0xa1; trail < 0xff; trail++) {
      const code = jis0212Character((lead << 8) | trail);
      if (code !== UNMAPPED) codes.set(code, (SINGLE_SHIFT_3 << 16) | (lead << 8) | trail);
    }
  }
}

const SINGLE_SHIFT_3 = 0x8f;
