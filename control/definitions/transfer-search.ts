/**
 * What a search for transfers looks for. A regular expression comes from anybody: it may be long to judge, and the
 * embedded database cannot be interrupted. So only what an automaton can judge in one pass is let through (no
 * references back, no looking around), of bounded size; a real server has a time limit besides.
 */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { invalid } from '#control/http/refusal.ts';

/** Copies that counted repetitions make of what they repeat, multiplied where they are in one another. */
const COPIES_MAX = 1000;
const DEPTH_MAX = 20;

/** True of transfers whose name, description, labels, connections or texts are looked for. */
export function matching(q: string): RawBuilder<boolean> {
  const regex = /^\/(.+)\/(i?)$/s.exec(q);
  const operator = regex === null || regex[2] === 'i' ? sql`~*` : sql`~`;
  // A text, too: of long ones an automaton makes twice the speed of ILIKE.
  const pattern = regex === null ? [...q].map(literal).join('') : safeRegex(regex[1] ?? '');
  const fits = (column: string): RawBuilder<boolean> => sql<boolean>`${sql.ref(column)} ${operator} ${pattern}`;
  return sql<boolean>`(${fits('definition.name')} or ${fits('definition.description')}
    or ${fits('definition.search_text')}
    or exists (select from definition_label join label on label.id = definition_label.label_id
      where definition_label.definition_id = definition.id and ${fits('label.name')})
    or exists (select from connection_use join connection on connection.id = connection_use.connection_id
      where connection_use.definition_id = definition.id and ${fits('connection.name')}))`;
}

/** The expression as PostgreSQL writes it. Throws when it is none, or none that may be asked. */
export function safeRegex(source: string): string {
  return new RegexReader(source).read();
}

const classes = 'dDsSwW';
const bounds: Readonly<Record<string, string>> = { b: String.raw`\y`, B: String.raw`\Y` };
const characters: Readonly<Record<string, string>> = {
  n: String.raw`\n`,
  r: String.raw`\r`,
  t: String.raw`\t`,
  f: String.raw`\f`,
};

class RegexReader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  read(): string {
    const { text } = this.#alternatives(0);
    if (this.#at < this.#source.length) throw this.#wrong('a ) without its (');
    return text;
  }

  #alternatives(depth: number): Piece {
    if (depth > DEPTH_MAX) throw this.#wrong('groups are in one another too deeply');
    let text = '';
    let copies = 0;
    for (;;) {
      const branch = this.#branch(depth);
      text += branch.text;
      copies += branch.copies;
      if (!this.#take('|')) return { text, copies };
      text += '|';
    }
  }

  #branch(depth: number): Piece {
    let text = '';
    let copies = 1;
    while (this.#at < this.#source.length && !'|)'.includes(this.#source.charAt(this.#at))) {
      const piece = this.#repeated(this.#atom(depth));
      text += piece.text;
      copies += piece.copies;
      if (copies > COPIES_MAX) throw this.#wrong(`it repeats more than ${COPIES_MAX} times`);
    }
    return { text, copies };
  }

  #atom(depth: number): Piece {
    const letter = this.#source.charAt(this.#at++);
    if (letter === '(') {
      if (this.#source.charAt(this.#at) === '?' && !this.#source.startsWith('?:', this.#at)) {
        throw this.#wrong('it looks around, or has options of its own');
      }
      if (this.#take('?')) this.#at += 1;
      const inner = this.#alternatives(depth + 1);
      if (!this.#take(')')) throw this.#wrong('a ( without its )');
      return { text: `(?:${inner.text})`, copies: inner.copies };
    }
    if (letter === '[') return { text: this.#set(), copies: 1 };
    if (letter === '\\') return { text: this.#escape(), copies: 1 };
    if ('*+?{'.includes(letter)) throw this.#wrong(`a ${letter} without anything to repeat`);
    if (letter === '^' || letter === '$' || letter === '.') return { text: letter, copies: 1 };
    return { text: literal(letter), copies: 1 };
  }

  #repeated({ text, copies }: Piece): Piece {
    const rest = this.#source.slice(this.#at);
    const found = /^(?:[*+?]|\{(\d{1,3})(?:(,)(\d{1,3})?)?\})\??/.exec(rest);
    if (found === null) return { text, copies };
    this.#at += found[0].length;
    // Where it ends is nobody's business here, so how greedy it is makes no difference.
    const quantifier = found[0].replace(/(?<=.)\?$/, '');
    const [, least, , most] = found;
    const times = Math.max(1, Number(least ?? 1), Number(most ?? 1));
    if (most !== undefined && Number(most) < Number(least)) throw this.#wrong('a repetition is the wrong way round');
    if (times > 255) throw this.#wrong('it repeats more than 255 times');
    if (/^[*+?{]/.test(this.#source.slice(this.#at))) throw this.#wrong('a repetition is repeated');
    return { text: `(?:${text})${quantifier}`, copies: copies * times };
  }

  #escape(): string {
    const letter = this.#source.charAt(this.#at++);
    if (letter === '') throw this.#wrong('a backslash at the end');
    if (classes.includes(letter)) return `\\${letter}`;
    const known = bounds[letter] ?? characters[letter];
    if (known !== undefined) return known;
    if (/[0-9A-Za-z]/.test(letter)) throw this.#wrong(`\\${letter} is not known here`);
    return literal(letter);
  }

  #set(): string {
    let text = this.#take('^') ? '[^' : '[';
    let count = 0;
    for (; ; count++) {
      const letter = this.#source.charAt(this.#at++);
      if (letter === '') throw this.#wrong('a [ without its ]');
      if (letter === ']') break;
      if (letter === '[') text += String.raw`\[`;
      else if (letter === '-') text += this.#isRange(count) ? '-' : String.raw`\-`;
      else if (letter === '\\') text += this.#escapeInSet();
      else text += letter === '^' ? String.raw`\^` : letter;
    }
    if (count === 0) throw this.#wrong('an empty []');
    return `${text}]`;
  }

  /** Between two characters, in order. */
  #isRange(count: number): boolean {
    const [before, after] = [this.#source.charAt(this.#at - 2), this.#source.charAt(this.#at)];
    if (count === 0 || after === ']' || after === '' || before === '\\' || after === '\\') return false;
    const isSplit = classes.includes(before) && this.#source.charAt(this.#at - 3) === '\\';
    if (isSplit) return false;
    if (before > after) throw this.#wrong(`the range ${before}-${after} is the wrong way round`);
    return true;
  }

  #escapeInSet(): string {
    const letter = this.#source.charAt(this.#at++);
    if ('dsw'.includes(letter) && letter !== '') return `\\${letter}`;
    const known = characters[letter];
    if (known !== undefined) return known;
    if (letter === '' || /[0-9A-Za-z]/.test(letter)) throw this.#wrong(`\\${letter} is not known here`);
    return `\\${letter}`;
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #wrong(reason: string): Error {
    const message = `the regular expression cannot be used: ${reason}, at character ${this.#at}`;
    return invalid([{ in: 'query', path: ['q'], message, hint: 'Leave the slashes out to look for a text.' }]);
  }
}

interface Piece {
  readonly text: string;
  readonly copies: number;
}

function literal(letter: string): string {
  return /[\\^$.|?*+()[\]{}]/.test(letter) ? `\\${letter}` : letter;
}
