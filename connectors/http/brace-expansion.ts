/**
 * Braces as shells know them: `{a,b}` stands for each of its texts, `{1..3}` for each number; they may be nested, and
 * a backslash takes the meaning of a brace, a comma or a backslash away. Braces without comma or range are themselves.
 */

/** The texts that the text stands for; undefined when they are more than the limit. */
export function expandBraces(text: string, limit: number): string[] | undefined {
  try {
    return new Expander(text, limit).sequence('');
  } catch (error) {
    if (error === tooMany) return undefined;
    throw error;
  }
}

const tooMany = new Error('more texts than the limit');

const numberRange = /^\{(-?\d{1,9})\.\.(-?\d{1,9})\}/;
/** Characters of a range at most. */
const RANGE_LENGTH_MAX = 24;

class Expander {
  readonly #text: string;
  readonly #limit: number;
  /** Opening braces that are closed somewhere. */
  readonly #closed: ReadonlySet<number>;
  #at = 0;

  constructor(text: string, limit: number) {
    this.#text = text;
    this.#limit = limit;
    this.#closed = closedBraces(text);
  }

  /** Every text up to one of the stops, or the end. */
  sequence(stops: string): string[] {
    let texts = [''];
    while (this.#at < this.#text.length) {
      const character = this.#text.charAt(this.#at);
      if (stops.includes(character)) break;
      texts = this.#combined(texts, this.#closed.has(this.#at) ? this.#group() : [this.#literal()]);
    }
    return texts;
  }

  #combined(first: readonly string[], second: readonly string[]): string[] {
    if (first.length * second.length > this.#limit) throw tooMany;
    return first.flatMap((before) => second.map((after) => before + after));
  }

  #literal(): string {
    const character = this.#text.charAt(this.#at);
    const next = this.#text.charAt(this.#at + 1);
    const isEscape = character === '\\' && next !== '' && '\\{},'.includes(next);
    this.#at += isEscape ? 2 : 1;
    return isEscape ? next : character;
  }

  /** The group that begins here, and is closed. */
  #group(): string[] {
    const range = numberRange.exec(this.#text.slice(this.#at, this.#at + RANGE_LENGTH_MAX));
    if (range !== null) {
      this.#at += range[0].length;
      return this.#numbers(Number(range[1]), Number(range[2]));
    }
    const alternatives: string[][] = [];
    do {
      this.#at += 1;
      alternatives.push(this.sequence(',}'));
    } while (this.#text[this.#at] === ',');
    this.#at += 1;
    const texts = alternatives.flat();
    if (texts.length > this.#limit) throw tooMany;
    return alternatives.length > 1 ? texts : texts.map((text) => `{${text}}`);
  }

  #numbers(from: number, to: number): string[] {
    const count = Math.abs(to - from) + 1;
    if (count > this.#limit) throw tooMany;
    return Array.from({ length: count }, (_, index) => String(from + (to > from ? index : -index)));
  }
}

function closedBraces(text: string): Set<number> {
  const closed = new Set<number>();
  const open: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === '{') open.push(at);
    else if (character === '}') {
      const start = open.pop();
      if (start !== undefined) closed.add(start);
    }
  }
  return closed;
}
