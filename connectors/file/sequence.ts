/** The sequence part of output paths: Java's format with two whole numbers, as far as that makes names. */
import { fileErrors } from './errors.ts';

/** A conversion: `%[argument$][flags][width]conversion`. */
const conversion = /%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.\d+)?([a-zA-Z%])/g;

/** Checks the format and returns the function that makes the sequence of a task's file. */
export function sequenceFormat(format: string): (task: number, file: number) => string {
  const make = (task: number, file: number): string => {
    let ordinary = 0;
    return format.replace(conversion, (_whole, index: string | undefined, flags: string, width = '', type: string) => {
      if (type === 'n') return '\n';
      if (type === '%') return '%'.padStart(Number(width));
      const position = index === undefined ? ordinary++ : Number(index) - 1;
      const value = [task, file][position];
      if (value === undefined) throw invalid(format, `it uses argument ${position + 1}, but there are two`);
      return pad(digits(value, type, format), flags, Number(width));
    });
  };
  if (/%/.test(format.replace(conversion, ''))) throw invalid(format, 'a % is not followed by a conversion');
  make(0, 0);
  return make;
}

/** What the sequences of a format look like: the source of a regular expression. */
export function sequencePattern(format: string): string {
  let at = 0;
  let pattern = '';
  for (const found of format.matchAll(conversion)) {
    pattern += RegExp.escape(format.slice(at, found.index)) + conversionPattern(found[4] ?? '');
    at = found.index + found[0].length;
  }
  return pattern + RegExp.escape(format.slice(at));
}

function conversionPattern(type: string): string {
  if (type === 'n') return String.raw`\n`;
  return type === '%' ? ' *%' : String.raw`[ +(,]*[\da-fA-F][\da-fA-F,]*[ )]*`;
}

function digits(value: number, type: string, format: string): string {
  switch (type) {
    case 'd':
    case 's':
      return String(value);
    case 'x':
      return value.toString(16);
    case 'X':
      return value.toString(16).toUpperCase();
    case 'o':
      return value.toString(8);
    default:
      throw invalid(format, `%${type} does not print a whole number`);
  }
}

function pad(text: string, flags: string, width: number): string {
  if (flags.includes('-')) return text.padEnd(width);
  return text.padStart(width, flags.includes('0') ? '0' : ' ');
}

function invalid(format: string, reason: string): Error {
  return fileErrors.error('FILE_SEQUENCE_FORMAT', { format, reason }, { where: { path: ['sequence_format'] } });
}
