/** Guesses the charset with ICU's detector (its port `chardet`) and Embulk's rules about its answers. */
import { analyse } from 'chardet';
import type { Finding } from '#spi/guess.ts';

/** The detector's recognizers in order: of equally sure ones the later wins. */
const order = [
  ...['UTF-8', 'UTF-16BE', 'UTF-16LE', 'UTF-32BE', 'UTF-32LE', 'Shift_JIS', 'ISO-2022-JP', 'ISO-2022-CN'],
  ...['ISO-2022-KR', 'GB18030', 'EUC-JP', 'EUC-KR', 'Big5', 'ISO-8859-1', 'ISO-8859-2', 'ISO-8859-5', 'ISO-8859-6'],
  ...['ISO-8859-7', 'ISO-8859-8-I', 'ISO-8859-8', 'windows-1251', 'windows-1256', 'KOI8-R', 'ISO-8859-9'],
];

/** Names that matches switch to when bytes occur that the standard leaves out. */
const standards: Readonly<Record<string, string>> = {
  'windows-1252': 'ISO-8859-1',
  'windows-1250': 'ISO-8859-2',
  'windows-1253': 'ISO-8859-7',
  'windows-1255': 'ISO-8859-8',
  'windows-1254': 'ISO-8859-9',
};

const CONFIDENCE_MIN = 50;

export interface CharsetGuess {
  readonly charset: string;
  readonly finding: Finding;
}

export function guessCharset(sample: Uint8Array): CharsetGuess {
  const place = (name: string): number => order.indexOf(standards[name] ?? name);
  const matches = analyse(sample)
    .filter(({ name }) => place(name) >= 0)
    .sort((a, b) => b.confidence - a.confidence || place(b.name) - place(a.name));
  const [best] = matches;
  const isAscii = sample.every((byte) => byte < 0x80);
  const charset = best === undefined || best.confidence < CONFIDENCE_MIN ? 'UTF-8' : embulkName(best.name);
  return { charset, finding: finding(charset, best?.confidence ?? 0, { isAscii, size: sample.length }) };
}

function embulkName(name: string): string {
  if (name === 'ISO-8859-1') return 'UTF-8';
  return name === 'Shift_JIS' ? 'MS932' : name;
}

function finding(charset: string, confidence: number, { isAscii, size }: { isAscii: boolean; size: number }): Finding {
  if (isAscii) {
    const sentence = `The ${size} bytes looked at are plain ASCII, so any charset would do; ${charset} is assumed.`;
    return { topic: 'charset', sentence, confidence: 'unsure' };
  }
  const isSure = confidence >= 80;
  const sentence = isSure
    ? `The charset is ${charset}.`
    : `The charset looks like ${charset}; check letters with accents.`;
  return { topic: 'charset', sentence, confidence: isSure ? 'certain' : 'unsure' };
}
