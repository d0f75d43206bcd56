/** Reads the elements at a path as records, and the elements and attributes in them as columns. */
import { copyBatch } from '#spi/batch.ts';
import type { Batch } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { ErrorPlace, RopewayError } from '#spi/errors.ts';
import { TextColumns } from '#codec/cells/text-columns.ts';
import type { TextColumn } from '#codec/cells/text-columns.ts';
import { xmlErrors } from './errors.ts';
import { XmlParser } from './xml-parser.ts';
import type { XmlAttribute, XmlHandler } from './xml-parser.ts';
import type { XmlPath } from './xml-path.ts';

export interface XmlColumn extends TextColumn {
  readonly path: XmlPath;
  /** What becomes of several values in one record. */
  readonly multiple: 'error' | 'first' | 'last' | 'json';
  /** White space around values is taken away; it always is for other types than strings. */
  readonly trims: boolean;
}

export interface XmlReaderOptions {
  /** From the outermost element on. */
  readonly root: readonly string[];
  readonly rootText: string;
  readonly columns: readonly XmlColumn[];
  readonly hasNamespaces: boolean;
  readonly reject: (reason: RopewayError, place: ErrorPlace, text: string) => void;
}

/** Text is handed to the parser in slices, so that few records come at once. */
const SLICE_CHARACTERS = 16 * 1024;
/** Characters of the values of one record at most. */
const RECORD_CHARACTERS_MAX = 64 * 1024 * 1024;
const SHOWN_CHARACTERS_MAX = 1000;

/** An element that columns lead to or through. */
interface PathNode {
  readonly children: Map<string, PathNode>;
  /** Columns whose value is the text of the element. */
  readonly texts: number[];
  /** Columns whose value is an attribute of it, by its name. */
  readonly attributes: Map<string, number[]>;
}

/** A column whose value is being read: the text of an element that is open. */
interface Capture {
  readonly column: number;
  readonly depth: number;
  text: string;
}

export class XmlRecordReader implements XmlHandler {
  readonly #options: XmlReaderOptions;
  readonly #parser: XmlParser;
  readonly #columns: TextColumns;
  readonly #tree: PathNode;
  readonly #scratch = new ByteSink(1024);
  /** Full batches that wait to be taken; more than one only when a slice has a thousand records. */
  readonly #ready: Batch[] = [];
  #depth = 0;
  /** Outermost elements that are on the way to the records. */
  #matched = 0;
  #matchedMost = 0;
  #recordCount = 0;
  #recordLine = 0;
  #characters = 0;
  #fault: RopewayError | undefined;
  #values: (string | undefined)[] = [];
  /** For every element open inside the record: what is known of its place. */
  readonly #nodes: (PathNode | undefined)[] = [];
  readonly #captures: Capture[] = [];

  constructor(options: XmlReaderOptions) {
    this.#options = options;
    this.#columns = new TextColumns(options.columns);
    this.#tree = treeOf(options.columns);
    this.#parser = new XmlParser(this, options);
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  /** Reads the next piece of the text. Batches are valid until the next one is asked for. */
  *read(text: string): Generator<Batch> {
    for (let at = 0; at < text.length; at += SLICE_CHARACTERS) {
      this.#parser.write(text.slice(at, at + SLICE_CHARACTERS));
      yield* this.#ready.splice(0);
    }
    yield* this.take();
  }

  /** Nothing follows. Throws when something should have. */
  finish(): void {
    this.#parser.close();
    const { root, rootText } = this.#options;
    const needed = Math.max(1, root.length - 1);
    if (this.#matchedMost < needed) throw xmlErrors.error('XML_ROOT_NOT_FOUND', { root: rootText });
  }

  *take(): Generator<Batch> {
    const batch = this.#columns.take();
    if (batch !== undefined) yield batch;
  }

  open(name: string, attributes: readonly XmlAttribute[]): void {
    const { root } = this.#options;
    const isInRecord = this.#matched === root.length;
    this.#depth += 1;
    if (isInRecord) {
      const parent = this.#nodes.at(-1);
      this.#enter(parent?.children.get(name) ?? parent?.children.get('*'), attributes);
      return;
    }
    const step = root[this.#matched];
    if (this.#matched !== this.#depth - 1 || (step !== name && step !== '*')) return;
    this.#matched += 1;
    this.#matchedMost = Math.max(this.#matchedMost, this.#matched);
    if (this.#matched < root.length) return;
    this.#recordCount += 1;
    this.#recordLine = this.#parser.line;
    this.#characters = 0;
    this.#fault = undefined;
    this.#values = [];
    this.#enter(this.#tree, attributes);
  }

  #enter(node: PathNode | undefined, attributes: readonly XmlAttribute[]): void {
    this.#nodes.push(node);
    if (node === undefined) return;
    for (const column of node.texts) {
      if (this.#isTaken(column)) continue;
      this.#captures.push({ column, depth: this.#depth, text: '' });
    }
    if (node.attributes.size === 0) return;
    for (const { name, value } of attributes) {
      for (const column of node.attributes.get(name) ?? []) if (!this.#isTaken(column)) this.#add(column, value);
    }
  }

  /** Whether another value of the column is not to be read. */
  #isTaken(column: number): boolean {
    const { multiple, name } = this.#options.columns[column] as XmlColumn; // nodes hold columns of the list
    const isOpen = this.#captures.some((capture) => capture.column === column);
    if (this.#values[column] === undefined && !isOpen) return false;
    if (multiple === 'error') this.#fault ??= xmlErrors.error('XML_VALUE_REPEATED', { column: name }, whereOf(name));
    return multiple === 'error' || multiple === 'first' || isOpen;
  }

  #add(column: number, text: string): void {
    const { multiple, trims, type } = this.#options.columns[column] as XmlColumn; // as above
    const value = trims || (type !== 'string' && multiple !== 'json') ? text.trim() : text;
    const before = this.#values[column];
    if (multiple !== 'json') this.#values[column] = value;
    else this.#values[column] = `${before === undefined ? '' : `${before},`}${JSON.stringify(value.toWellFormed())}`;
  }

  text(text: string): void {
    if (this.#captures.length === 0) return;
    for (const capture of this.#captures) capture.text += text;
    this.#characters += text.length;
    if (this.#characters <= RECORD_CHARACTERS_MAX) return;
    const params = { part: 'A record', limit: RECORD_CHARACTERS_MAX };
    throw xmlErrors.error('XML_TOO_LONG', params, { where: this.#place() });
  }

  close(): void {
    while (this.#captures.at(-1)?.depth === this.#depth) {
      const capture = this.#captures.pop();
      if (capture !== undefined) this.#add(capture.column, capture.text);
    }
    const wasRecord = this.#matched === this.#options.root.length && this.#depth === this.#matched;
    this.#nodes.pop();
    this.#depth -= 1;
    if (wasRecord) this.#endRecord();
    this.#matched = Math.min(this.#matched, this.#depth);
  }

  #endRecord(): void {
    const columns = this.#columns;
    columns.beginRow();
    let error = this.#fault;
    for (let column = 0; column < this.#options.columns.length && error === undefined; column++) {
      const value = this.#values[column];
      if (value !== undefined) error = this.#set(column, value);
    }
    if (error !== undefined) {
      columns.dropRow();
      const shown = this.#options.columns
        .map(({ name }, column) => `${name}: ${this.#values[column] ?? ''}`)
        .join(', ');
      this.#options.reject(error, this.#place(), shown.slice(0, SHOWN_CHARACTERS_MAX));
      return;
    }
    columns.endRow();
    if (!columns.isFull) return;
    const batch = columns.take();
    // The next batch of this slice will lie in the same memory.
    if (batch !== undefined) this.#ready.push(copyBatch(batch));
  }

  #set(column: number, value: string): RopewayError | undefined {
    const scratch = this.#scratch;
    scratch.clear();
    const isList = this.#options.columns[column]?.multiple === 'json';
    scratch.writeString(isList ? `[${value}]` : value);
    return this.#columns.set(column, scratch.bytes, 0, scratch.length);
  }

  #place(): ErrorPlace {
    return { line: this.#recordLine, record: this.#recordCount };
  }
}

function whereOf(field: string): { where: ErrorPlace } {
  return { where: { field } };
}

function treeOf(columns: readonly XmlColumn[]): PathNode {
  const root = newNode();
  for (const [column, { path }] of columns.entries()) {
    let node = root;
    for (const name of path.elements) {
      const next = node.children.get(name) ?? newNode();
      node.children.set(name, next);
      node = next;
    }
    if (path.attribute === undefined) node.texts.push(column);
    else node.attributes.set(path.attribute, [...(node.attributes.get(path.attribute) ?? []), column]);
  }
  return root;
}

function newNode(): PathNode {
  return { children: new Map(), texts: [], attributes: new Map() };
}
