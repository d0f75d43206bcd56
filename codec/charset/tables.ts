/**
 * Code tables, made from the platform's decoders and corrected to Java's. The corrections were found by comparing all
 * one- and two-byte sequences with Java 17.
 */

/** No character. */
export const UNMAPPED = 0xfffd;

/** Characters of the 256 bytes. */
// oxlint-disable-next-line complexity -- corrections of single charsets
export function singleByteTable(name: string): Uint16Array {
  const table = new Uint16Array(256);
  if (name === 'US-ASCII' || name === 'ISO-8859-1') {
    for (let byte = 0; byte < 256; byte++) table[byte] = name === 'US-ASCII' && byte > 0x7f ? UNMAPPED : byte;
    return table;
  }
  // The web's iso-8859-9 is windows-1254 in truth; Java's has the control characters of its standard.
  const isLatin5 = name === 'ISO-8859-9';
  const decoder = new TextDecoder(isLatin5 ? 'windows-1254' : name.toLowerCase(), { ignoreBOM: true });
  for (let byte = 0; byte < 256; byte++) {
    let code = decoder.decode(Uint8Array.of(byte)).charCodeAt(0);
    if (isLatin5 && byte >= 0x80 && byte < 0xa0) code = byte;
    // Where the web puts control characters, Java has no character.
    if (name.startsWith('windows-') && code >= 0x80 && code < 0xa0) code = UNMAPPED;
    table[byte] = byte < 0x80 ? byte : code;
  }
  if (name === 'windows-1255') table[0xca] = UNMAPPED;
  if (name === 'KOI8-U') {
    table[0xae] = 0x255d;
    table[0xbe] = 0x256c;
  }
  return table;
}

export interface DoubleByteTable {
  /** Characters of single bytes; UNMAPPED for lead bytes and bytes without a meaning. */
  readonly single: Uint16Array;
  /** Characters of `lead << 8 | trail`. */
  readonly double: Uint16Array;
  /** 1 for bytes that begin a pair. */
  readonly isLead: Uint8Array;
}

interface Correction {
  /** Lead bytes whose rows Java does not have. */
  readonly unmappedLeads: readonly (readonly [number, number])[];
  readonly unmapped?: readonly (readonly [number, number])[];
  /** Pair and character, where Java's differs. */
  readonly characters: Readonly<Record<number, number>>;
}

const corrections: Readonly<Record<string, Correction>> = {
  Shift_JIS: {
    unmappedLeads: [
      [0x87, 0x87],
      [0xed, 0xee],
      [0xf0, 0xfc],
    ],
    characters: {
      0x815c: 0x2014,
      0x8160: 0x301c,
      0x8161: 0x2016,
      0x817c: 0x2212,
      0x8191: 0xa2,
      0x8192: 0xa3,
      0x81ca: 0xac,
    },
  },
  MS932: { unmappedLeads: [], characters: {} },
  'EUC-JP': {
    unmappedLeads: [
      [0xad, 0xad],
      [0xf9, 0xfc],
    ],
    unmapped: [[0x8ee0, 0x8eff]],
    characters: {
      0xa1bd: 0x2014,
      0xa1c1: 0x301c,
      0xa1c2: 0x2016,
      0xa1dd: 0x2212,
      0xa1f1: 0xa2,
      0xa1f2: 0xa3,
      0xa2cc: 0xac,
    },
  },
  'EUC-KR': {
    unmappedLeads: [
      [0xc9, 0xc9],
      [0xfe, 0xfe],
    ],
    characters: { 0xa2e6: 0x20ac, 0xa2e7: 0xae, 0xa2e8: 0x327e },
  },
  GBK: { unmappedLeads: [], characters: {} },
  Big5: {
    unmappedLeads: [
      [0x81, 0xa0],
      [0xc8, 0xc8],
      [0xfa, 0xfe],
    ],
    characters: {
      0xa145: 0x2022,
      0xa14e: 0xff64,
      0xa15a: 0xff3f,
      0xa1c2: 0x203e,
      0xa1e3: 0x223c,
      0xa1f2: 0x2641,
      0xa1f3: 0x2609,
      0xa1fe: 0x2571,
      0xa240: 0x2572,
      0xa241: 0xff0f,
      0xa242: 0xff3c,
      0xa244: 0xa5,
      0xa246: 0xa2,
      0xa247: 0xa3,
    },
  },
};

const labels: Readonly<Record<string, string>> = {
  Shift_JIS: 'shift_jis',
  MS932: 'shift_jis',
  'EUC-JP': 'euc-jp',
  'EUC-KR': 'euc-kr',
  GBK: 'gbk',
  Big5: 'big5',
};

const made = new Map<string, DoubleByteTable>();

/** The table of a double-byte charset; made on first use (about 20 ms). */
export function doubleByteTable(name: string): DoubleByteTable {
  let table = made.get(name);
  if (table === undefined) {
    table = makeDoubleByteTable(name);
    made.set(name, table);
  }
  return table;
}

function makeDoubleByteTable(name: string): DoubleByteTable {
  const label = labels[name] ?? name;
  const single = new Uint16Array(256).fill(UNMAPPED);
  const double = new Uint16Array(65_536).fill(UNMAPPED);
  const isLead = new Uint8Array(256);
  for (let byte = 0; byte < 0x80; byte++) single[byte] = byte;
  const decoder = new TextDecoder(label, { ignoreBOM: true });
  const isSjis = label === 'shift_jis';
  for (let byte = 0xa1; isSjis && byte <= 0xdf; byte++) single[byte] = 0xff61 + byte - 0xa1;
  for (let lead = 0x81; lead < 0xff; lead++) {
    if (single[lead] !== UNMAPPED) continue;
    for (let trail = 0x40; trail < 0xff; trail++) {
      const text = decoder.decode(Uint8Array.of(lead, trail));
      if (text.length === 1) double[(lead << 8) | trail] = text.charCodeAt(0);
    }
  }
  correct(double, corrections[name]);
  for (let pair = 0x8100; pair < 0xff00; pair++) if (double[pair] !== UNMAPPED) isLead[pair >> 8] = 1;
  return { single, double, isLead };
}

function correct(double: Uint16Array, correction: Correction | undefined): void {
  if (correction === undefined) return;
  for (const [from, to] of correction.unmappedLeads) double.fill(UNMAPPED, from << 8, (to + 1) << 8);
  for (const [from, to] of correction.unmapped ?? []) double.fill(UNMAPPED, from, to + 1);
  for (const [pair, character] of Object.entries(correction.characters)) double[Number(pair)] = character;
}

const jis0212 = new Map<number, number>();

/** EUC-JP's third code set (0x8F and two bytes, JIS X 0212): the character of `lead << 8 | trail`. */
export function jis0212Character(pair: number): number {
  let code = jis0212.get(pair);
  if (code === undefined) {
    const text = new TextDecoder('euc-jp').decode(Uint8Array.of(0x8f, pair >> 8, pair & 0xff));
    // Rows 0xF3 and above are IBM's, which Java's EUC-JP does not have.
    code = text.length === 1 && pair < 0xf300 ? text.charCodeAt(0) : UNMAPPED;
    jis0212.set(pair, code);
  }
  return code;
}
