/**
 * The CSV machine of the specification, character by character over lines: slow, obvious, exact. It is the oracle of
 * the fast reader, what the fast reader falls back to for a record it does not know, and what guessing uses.
 *
 * BE ADVISED: a record that fails is given up as far as the physical line on which its last column *began*; lines that
 * this column's quotes had taken in behind that are pushed back and read as records of their own. U+0000 ends a line
 * like the end of the text does, wherever it stands.
 */
import type { CsvDialect } from './dialect.ts';
import { csvErrors } from './errors.ts';

/** Physical lines, one by one. */
export interface LineSource {
  /** The next line without its end, or undefined at the end. */
  next(): string | undefined;
}

type State = 'begin' | 'firstTrim' | 'value' | 'lastTrim' | 'quoted' | 'afterQuoted';

const END = -1;
const SPACE = 0x20;

export class LineTokenizer {
  readonly #source: LineSource;
  readonly #dialect: CsvDialect;
  readonly #quote: number;
  readonly #escape: number;
  readonly #skipsEmptyLines: boolean;
  /** Lines pushed back, next one last. */
  #pushedBack: string[] = [];
  /** Physical lines that the current column's quotes have taken in, behind the line on which it began. */
  #continued: string[] = [];
  #recordLineCount = 1;
  #firstLine = '';
  #line = '';
  #at = 0;
  /** Physical lines taken so far. */
  #lineNumber = 0;
  #recordLine = 0;
  #isAtEnd = true;
  #wasQuoted = false;

  constructor(source: LineSource, dialect: CsvDialect, options: { readonly skipEmptyLines?: boolean } = {}) {
    this.#source = source;
    this.#dialect = dialect;
    this.#quote = dialect.quote === null ? -2 : dialect.quote.charCodeAt(0);
    this.#escape = dialect.escape === null ? -2 : dialect.escape.charCodeAt(0);
    this.#skipsEmptyLines = options.skipEmptyLines ?? true;
  }

  /** Physical line at which the current record begins, from 1. */
  get recordLine(): number {
    return this.#recordLine;
  }

  /** Physical lines of the current record so far. */
  get recordLineCount(): number {
    return this.#recordLineCount;
  }

  /** The current record's first physical line. */
  get recordText(): string {
    return this.#firstLine;
  }

  /** Goes to the next record; false at the end. */
  nextRecord(): boolean {
    const marker = this.#dialect.commentLineMarker;
    for (;;) {
      const line = this.#takeLine();
      if (line === undefined) return false;
      if (line === '' && this.#skipsEmptyLines) continue;
      if (marker !== null && marker !== '' && line.startsWith(marker)) continue;
      this.#firstLine = line;
      this.#continued = [];
      this.#recordLineCount = 1;
      this.#line = line;
      this.#at = 0;
      this.#recordLine = this.#lineNumber;
      this.#isAtEnd = false;
      return true;
    }
  }

  hasNextColumn(): boolean {
    return !this.#isAtEnd;
  }

  /** True when the column read last was quoted. */
  wasQuoted(): boolean {
    return this.#wasQuoted;
  }

  /** Gives up the record; lines that its last column's quotes had taken in come again. Returns its first line. */
  skipRecord(): string {
    this.#pushedBack.push(...this.#continued.reverse());
    this.#lineNumber -= this.#continued.length;
    this.#continued = [];
    this.#isAtEnd = true;
    return this.#firstLine;
  }

  /** The next column's text. Throws an error of `csvErrors`; then the record is to be given up. */
  // oxlint-disable-next-line complexity -- one machine, read as a whole
  nextColumn(): string {
    // Lines taken in by the column before stay with it when there is no other.
    if (this.#isAtEnd) throw csvErrors.error('CSV_TOO_FEW_COLUMNS');
    this.#continued = [];
    const { trimIfNotQuoted } = this.#dialect;
    let state: State = 'begin';
    let from = this.#at;
    let valueEnd = this.#at;
    let quoted = '';
    this.#wasQuoted = false;
    for (;;) {
      const at = this.#at;
      const code = at < this.#line.length ? this.#line.charCodeAt(at) : END;
      const isEnd = code === END || code === 0;
      const isDelimiter = !isEnd && this.#isDelimiterAt(at);
      switch (state) {
        case 'begin':
        case 'firstTrim':
          if (isDelimiter || isEnd) return this.#endColumn('', isDelimiter);
          if (code === this.#quote) state = 'quoted';
          else if (!(code === SPACE && trimIfNotQuoted)) {
            from = at;
            state = 'value';
          } else state = 'firstTrim';
          this.#at += 1;
          break;
        case 'value':
          if (isDelimiter) return this.#endColumn(this.#line.slice(from, at), true);
          // A NUL ends the line, but is itself part of the value.
          if (isEnd) return this.#endColumn(this.#line.slice(from, code === END ? at : at + 1), false);
          if (code === SPACE && trimIfNotQuoted) {
            valueEnd = at;
            state = 'lastTrim';
          }
          this.#at += 1;
          break;
        case 'lastTrim':
          if (isDelimiter || isEnd) return this.#endColumn(this.#line.slice(from, valueEnd), isDelimiter);
          if (code !== SPACE) state = 'value';
          this.#at += 1;
          break;
        case 'quoted':
          quoted = this.#readQuoted();
          state = 'afterQuoted';
          break;
        case 'afterQuoted':
          this.#wasQuoted = true;
          if (isDelimiter || isEnd) return this.#endColumn(quoted, isDelimiter);
          if (code !== SPACE) {
            const params = {
              character: String.fromCodePoint(this.#line.codePointAt(at) ?? 0),
              quote: this.#dialect.quote ?? '',
            };
            throw csvErrors.error('CSV_AFTER_QUOTE', params);
          }
          this.#at += 1;
      }
    }
  }

  #endColumn(text: string, isDelimiter: boolean): string {
    if (isDelimiter) this.#at += this.#dialect.delimiter.length;
    else this.#isAtEnd = true;
    return text;
  }

  /** The first character of a delimiter (of a long one, too), or the end of the line. */
  #mayEndColumn(at: number): boolean {
    const code = this.#codeAt(at);
    return code === END || code === 0 || code === this.#dialect.delimiter.charCodeAt(0);
  }

  #isDelimiterAt(at: number): boolean {
    return this.#line.startsWith(this.#dialect.delimiter, at);
  }

  /**
   * From behind the opening quote to behind the closing one, over lines. The length is looked at where the original
   * does: at ordinary characters and stray quotes, but not at escapes, line breaks and the end.
   */
  #readQuoted(): string {
    const { strayQuotes, newline } = this.#dialect;
    let text = '';
    let from = this.#at;
    for (;;) {
      const at = this.#at;
      const code = at < this.#line.length ? this.#line.charCodeAt(at) : END;
      if (code === END || code === 0) {
        // A NUL ends the line, but is itself part of the value.
        text += this.#line.slice(from, at + 1) + newline;
        this.#continueLine();
        from = 0;
      } else if (code === this.#quote) {
        if (this.#codeAt(at + 1) === this.#quote && !(strayQuotes && this.#mayEndColumn(at + 2))) {
          text += this.#line.slice(from, at + 1);
          this.#at += 2;
          from = this.#at;
        } else if (strayQuotes && !this.#mayEndColumn(at + 1)) {
          this.#checkLength(text.length + at + 1 - from);
          this.#at += 1;
        } else {
          this.#at += 1;
          return text + this.#line.slice(from, at);
        }
      } else if (code === this.#escape) {
        const next = this.#codeAt(at + 1);
        if (next === this.#quote || next === this.#escape) {
          text += this.#line.slice(from, at);
          from = at + 1;
          this.#at += 2;
        } else {
          this.#at += 1;
        }
      } else {
        this.#checkLength(text.length + at + 1 - from);
        this.#at += 1;
      }
    }
  }

  #checkLength(length: number): void {
    const limit = this.#dialect.maxQuotedSizeLimit;
    if (length > limit) throw csvErrors.error('CSV_QUOTED_TOO_LONG', { limit });
  }

  #codeAt(at: number): number {
    return at < this.#line.length ? this.#line.charCodeAt(at) : END;
  }

  #continueLine(): void {
    const line = this.#takeLine();
    if (line === undefined) throw csvErrors.error('CSV_QUOTE_UNCLOSED');
    this.#continued.push(line);
    this.#recordLineCount += 1;
    this.#line = line;
    this.#at = 0;
  }

  #takeLine(): string | undefined {
    const line = this.#pushedBack.pop() ?? this.#source.next();
    if (line !== undefined) this.#lineNumber += 1;
    return line;
  }
}

/**
 * Splits as Java's BufferedReader does (CR LF, LF and CR; no empty line after a last break), or, when one break is
 * recognized, by that alone: `LF` is one without CR before it, `CR` one without LF behind it; then an empty line
 * follows a last break.
 */
export function splitLines(text: string, recognized: CsvDialect['lineDelimiterRecognized']): string[] {
  if (recognized === null) {
    const lines = text.split(/\r\n|\r|\n/);
    if (lines.at(-1) === '') lines.pop();
    return lines;
  }
  if (text === '') return [];
  const breaks = { CRLF: /\r\n/, LF: /(?<!\r)\n/, CR: /\r(?!\n)/ } as const;
  return text.split(breaks[recognized]);
}
