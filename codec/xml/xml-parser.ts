/**
 * The library that reads XML, behind one door: a piece of text goes in, events come out. It checks that the text is
 * well-formed, knows the five entities of XML and no others, and never opens anything.
 */
import { SaxesParser } from 'saxes';
import { xmlErrors } from './errors.ts';

/** Nesting of elements at most. */
const DEPTH_MAX = 1000;
/** Characters of one tag, or of text without a tag, at most. */
const TOKEN_CHARACTERS_MAX = 64 * 1024 * 1024;

export interface XmlAttribute {
  readonly name: string;
  readonly value: string;
}

export interface XmlHandler {
  /** Names are `{uri}local` when namespaces count (`local` outside of any), else as they are written. */
  open(name: string, attributes: readonly XmlAttribute[]): void;
  /** A part of the text of the element that is open. */
  text(text: string): void;
  close(name: string): void;
}

export class XmlParser {
  readonly #parse: (text: string) => void;
  readonly #close: () => void;
  readonly #line: () => number;
  #depth = 0;
  #sinceEvent = 0;

  constructor(handler: XmlHandler, { hasNamespaces }: { readonly hasNamespaces: boolean }) {
    const parser = hasNamespaces ? this.#withNamespaces(handler) : this.#plain(handler);
    parser.on('text', (text) => {
      this.#sinceEvent = 0;
      if (this.#depth > 0) handler.text(text);
    });
    parser.on('cdata', (text) => {
      this.#sinceEvent = 0;
      handler.text(text);
    });
    parser.on('error', (error) => {
      const where = { line: parser.line, column: Math.max(1, parser.column) };
      throw xmlErrors.error('XML_SYNTAX', { reason: reasonOf(error) }, { where });
    });
    this.#parse = (text) => parser.write(text);
    this.#close = () => parser.close();
    this.#line = () => parser.line;
  }

  /** Of the end of what has been read, from 1. */
  get line(): number {
    return this.#line();
  }

  write(text: string): void {
    this.#sinceEvent += text.length;
    this.#parse(text);
    if (this.#sinceEvent <= TOKEN_CHARACTERS_MAX) return;
    const params = { part: 'A tag or a text', limit: TOKEN_CHARACTERS_MAX };
    throw xmlErrors.error('XML_TOO_LONG', params, { where: { line: this.line } });
  }

  close(): void {
    this.#close();
  }

  #plain(handler: XmlHandler): SaxesParser {
    const parser = new SaxesParser({ xmlns: false });
    parser.on('opentag', ({ name, attributes }) => {
      this.#opened();
      handler.open(
        name,
        Object.entries(attributes).map(([key, value]) => ({ name: key, value })),
      );
    });
    parser.on('closetag', ({ name }) => {
      this.#depth -= 1;
      handler.close(name);
    });
    return parser;
  }

  #withNamespaces(handler: XmlHandler): SaxesParser {
    const parser = new SaxesParser({ xmlns: true });
    parser.on('opentag', ({ uri, local, attributes }) => {
      this.#opened();
      handler.open(
        nameIn(uri, local),
        Object.values(attributes).map((attribute) => ({
          name: nameIn(attribute.uri, attribute.local),
          value: attribute.value,
        })),
      );
    });
    parser.on('closetag', ({ uri, local }) => {
      this.#depth -= 1;
      handler.close(nameIn(uri, local));
    });
    return parser;
  }

  #opened(): void {
    this.#sinceEvent = 0;
    this.#depth += 1;
    if (this.#depth <= DEPTH_MAX) return;
    throw xmlErrors.error('XML_TOO_DEEP', { limit: DEPTH_MAX }, { where: { line: this.line } });
  }
}

/** A name as handlers get it. */
export function nameIn(uri: string, local: string): string {
  return uri === '' ? local : `{${uri}}${local}`;
}

/** The message without its place, which is told apart, and without the stop at its end. */
function reasonOf(error: Error): string {
  return error.message.replace(/^\d+:\d+: /, '').replace(/\.$/, '');
}
