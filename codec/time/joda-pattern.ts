/**
 * Joda time's patterns, as far as they can be said otherwise: for reading as a `java:` pattern, for printing as a
 * strftime format. `nnnnnnnnn` and `nnnnnn` are fractions of nine and six digits.
 */
import { timeErrors } from './errors.ts';

/** A format for `timestampParser`. Throws a config error when there is none. */
export function jodaParserFormat(pattern: string): string {
  return `java:${translate(pattern, readingLetters, (text) => `'${text.replaceAll("'", "''")}'`)}`;
}

/** A format for `timestampFormatter`. Throws a config error when there is none. */
export function jodaPrinterFormat(pattern: string): string {
  return translate(pattern, printingLetters, (text) => text.replaceAll('%', '%%'));
}

const part = /'((?:[^']|'')*)'|([a-zA-Z])\2*|[^a-zA-Z']+/y;

function translate(
  pattern: string,
  letters: (letter: string, count: number) => string | undefined,
  literal: (text: string) => string,
): string {
  let result = '';
  for (let at = 0; at < pattern.length;) {
    part.lastIndex = at;
    const found = part.exec(pattern);
    if (found === null) throw invalid(pattern, 'a quote is not closed');
    const [whole, quoted, letter] = found;
    at += whole.length;
    if (letter === undefined) {
      result += literal(quoted === undefined ? whole : quoted === '' ? "'" : quoted.replaceAll("''", "'"));
      continue;
    }
    const translated = letters(letter, whole.length);
    if (translated === undefined)
      throw invalid(pattern, `${whole} is not supported; a format with % can be used instead`);
    result += translated;
  }
  return result;
}

function readingLetters(letter: string, count: number): string | undefined {
  if (letter === 'y' || letter === 'Y') return 'u'.repeat(count);
  if (letter === 'n') return count === 9 ? 'S'.repeat(9) : undefined;
  if (letter === 'Z') return ['XX', 'XXX', 'VV'][count - 1];
  return 'MdDHhkKmsSEa'.includes(letter) ? letter.repeat(count) : undefined;
}

/** Letters of numbers: in one piece, with zeros in front of two digits (three of the day of the year). */
const printedNumbers: Readonly<Record<string, string>> = { M: 'm', d: 'd', H: 'H', h: 'I', m: 'M', s: 'S', D: 'j' };

// oxlint-disable-next-line complexity -- a table of letters
function printingLetters(letter: string, count: number): string | undefined {
  switch (letter) {
    case 'y':
    case 'Y':
      return count === 2 ? '%y' : `%0${count}Y`;
    case 'S':
      return `%${count}N`;
    case 'n':
      return count === 9 || count === 6 ? `%${count}N` : undefined;
    case 'a':
      return '%p';
    case 'E':
      return count >= 4 ? '%A' : '%a';
    case 'z':
      return count < 4 ? '%Z' : undefined;
    case 'Z':
      return ['%z', '%:z'][count - 1];
  }
  if (letter === 'M' && count >= 3) return count === 3 ? '%b' : '%B';
  const directive = printedNumbers[letter];
  if (directive === undefined) return undefined;
  return count === 1 ? `%-${directive}` : `%0${count}${directive}`;
}

function invalid(format: string, reason: string): Error {
  return timeErrors.error('TIME_FORMAT_INVALID', { format, reason });
}
