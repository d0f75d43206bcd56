/** The rows of the benchmark's data: the same seed gives the same bytes, and a shorter file is the start of a longer. */

export type Kind = 'narrow' | 'wide';

export type ColumnType = 'long' | 'double' | 'string' | 'boolean' | 'timestamp' | 'json';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** Of timestamps: in strptime notation. */
  readonly format?: string;
}

export interface Rows {
  readonly header: string;
  /** The next record with its line break. */
  readonly next: () => string;
}

const WIDE_COLUMNS = 50;
const ASCII_WORDS = 4000;
const JAPANESE_WORDS = 1200;

type WideCell = 'long' | 'string' | 'double' | 'timestamp' | 'boolean' | 'timestamp6' | 'text' | 'json';

const wideCycle: readonly WideCell[] = [
  'long',
  'string',
  'double',
  'timestamp',
  'string',
  'long',
  'boolean',
  'double',
  'timestamp6',
];

const wideCells: readonly WideCell[] = Array.from(
  { length: WIDE_COLUMNS },
  (_, index) => wideCycle[index % 10] ?? (index === WIDE_COLUMNS - 1 ? 'json' : 'text'),
);

const narrowColumns: readonly Column[] = [
  { name: 'c1', type: 'long' },
  { name: 'c2', type: 'string' },
  { name: 'c3', type: 'long' },
  { name: 'c4', type: 'double' },
  { name: 'c5', type: 'string' },
];

const wideColumns: readonly Column[] = wideCells.map((cell, index): Column => {
  const name = `w${index + 1}_${cell}`;
  if (cell === 'timestamp') return { name, type: 'timestamp', format: '%Y-%m-%d %H:%M:%S' };
  if (cell === 'timestamp6') return { name, type: 'timestamp', format: '%Y-%m-%d %H:%M:%S.%N' };
  return { name, type: cell === 'text' ? 'string' : cell };
});

export function columnsOf(kind: Kind): readonly Column[] {
  return kind === 'narrow' ? narrowColumns : wideColumns;
}

export function generateRows(kind: Kind, seed: number): Rows {
  const random = sfc32(seed);
  const text = vocabulary(random);
  const header = `${columnsOf(kind)
    .map(({ name }) => name)
    .join(',')}\n`;
  return { header, next: kind === 'narrow' ? narrowRows(random, text) : wideRows(random, text) };
}

interface Random {
  /** Below 1. */
  readonly fraction: () => number;
  readonly below: (limit: number) => number;
}

/** The generator sfc32: small, fast, and the same everywhere, which Math.random() is not. */
function sfc32(seed: number): Random {
  let a = (seed ^ 0x9e3779b9) | 0;
  let b = 0x243f6a88;
  let c = 0xb7e15162 | 0;
  let counter = 1;
  const fraction = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let round = 0; round < 20; round++) fraction();
  return { fraction, below: (limit) => Math.floor(fraction() * limit) };
}

interface Vocabulary {
  readonly word: () => string;
  /** `length` words, each Japanese with that probability. */
  readonly phrase: (length: number, japanese: number) => string;
  /** A field of running text: a third needs quotes, an eighth is Japanese, some are empty. */
  readonly field: () => string;
}

function vocabulary({ fraction, below }: Random): Vocabulary {
  const consonant = (): string => 'bcdfghjklmnprstvwz'.charAt(below(18));
  const syllable = (): string => consonant() + 'aeiou'.charAt(below(5)) + (below(3) === 0 ? consonant() : '');
  const character = (): string => String.fromCharCode(below(3) > 0 ? 0x4e00 + below(3000) : 0x3042 + below(80));
  const many = (length: number, one: () => string): string => Array.from({ length }, one).join('');
  const words = Array.from({ length: ASCII_WORDS }, () => many(1 + below(4), syllable));
  const japaneseWords = Array.from({ length: JAPANESE_WORDS }, () => many(2 + below(5), character));
  // Few words are frequent and many rare, as in a language.
  const pick = (list: readonly string[]): string => {
    const index = Math.floor(Math.exp(fraction() * Math.log(list.length)) - 1 + fraction());
    return list[Math.min(list.length - 1, index)] ?? '';
  };
  const word = (): string => pick(words);
  const phrase = (length: number, japanese: number): string => {
    let result = '';
    for (let index = 0; index < length; index++)
      result += (index > 0 ? ' ' : '') + (fraction() < japanese ? pick(japaneseWords) : word());
    return result;
  };
  const field = (): string => {
    const kind = fraction();
    if (kind < 0.45) return phrase(4 + below(12), 0.05);
    if (kind < 0.5) return '';
    if (kind < 0.7) return `"${phrase(3 + below(8), 0.1)}, ${phrase(2 + below(6), 0.1)}"`;
    if (kind < 0.8) return `"${phrase(2 + below(4), 0)} ""${phrase(1 + below(2), 0)}"" ${phrase(2 + below(6), 0.2)}"`;
    if (kind < 0.86) return `"${phrase(3 + below(8), 0.1)}\n${phrase(3 + below(8), 0.1)}"`;
    if (kind < 0.98) return phrase(3 + below(6), 0.9);
    return `"${phrase(2 + below(4), 0.3)}"`;
  };
  return { word, phrase, field };
}

function decimal(value: number, digits: number): string {
  const text = value.toFixed(digits).replace(/(\.\d*?)0+$/, '$1');
  return text.endsWith('.') ? `${text}0` : text;
}

function narrowRows({ fraction, below }: Random, { word, phrase, field }: Vocabulary): () => string {
  let row = 0;
  const hexDigits = (): string => {
    let digits = '';
    for (let index = 0; index < 8; index++) digits += '0123456789abcdef'.charAt(below(16));
    return digits;
  };
  const long = (): string =>
    below(10) < 3 ? `-${below(1e6)}` : String(Math.floor(fraction() * 10 ** (1 + below(15))));
  const double = (): string =>
    below(50) === 0 ? '' : decimal(fraction() * 10 ** below(6) * (below(4) > 0 ? 1 : -1), 1 + below(6));
  const string = (): string => (fraction() < 0.7 ? `${word()}_${hexDigits()}` : phrase(1 + below(3), 0.1));
  return () => `${++row},${string()},${long()},${double()},${field()}\n`;
}

function wideRows({ fraction, below }: Random, { word, field }: Vocabulary): () => string {
  let row = 0;
  const two = (value: number): string => (value < 10 ? `0${value}` : String(value));
  const seconds = (): string => {
    const day = `${2015 + below(6)}-${two(1 + below(12))}-${two(1 + below(28))}`;
    return `${day} ${two(below(24))}:${two(below(60))}:${two(below(60))}`;
  };
  const cells: Record<WideCell, () => string> = {
    long: () => String(Math.floor(fraction() * 10 ** (1 + below(12)))),
    string: () => `${word()}-${below(100_000)}`,
    double: () => decimal(fraction() * 10 ** below(6), 1 + below(4)),
    timestamp: seconds,
    timestamp6: () => `${seconds()}.${String(below(1_000_000)).padStart(6, '0')}`,
    boolean: () => (below(2) > 0 ? 'true' : 'false'),
    text: field,
    json: () => `"{""id"":${below(1e6)},""tag"":""${word()}"",""ok"":${below(2) > 0}}"`,
  };
  return () => {
    let line = String(++row);
    for (let index = 1; index < WIDE_COLUMNS; index++) {
      const cell = wideCells[index] ?? 'text';
      // One value in 25 is null.
      line += below(25) === 0 ? ',' : `,${cells[cell]()}`;
    }
    return `${line}\n`;
  };
}
