/**
 * What a pager wants to know of an answer, found while the answer goes by. A JSON value is in memory as a whole then,
 * as it is for the parser.
 */
import { jsonPointer } from '#codec/json/navigate.ts';
import type { JsonPointer } from '#codec/json/navigate.ts';
import { JsonValueStream } from '#codec/json/value-stream.ts';
import type { FollowingPager } from './pager.ts';

/** Cursors and addresses longer than this are none. */
const TEXT_BYTES_MAX = 64 * 1024;

export class AnswerValues {
  readonly #pager: FollowingPager;
  readonly #stream = new JsonValueStream();
  #isFound = false;
  /** The cursor or address; undefined when there is none. */
  next: string | undefined;
  /** It is a number in the answer. */
  isNumber = false;
  /** Whether there are more pages, as far as the answer says so. */
  hasMore = true;

  constructor(pager: FollowingPager) {
    this.#pager = pager;
    // An answer without a value has no records, and tells of no more.
    if (pager.records !== undefined || pager.more !== undefined) this.hasMore = false;
  }

  add(chunk: Uint8Array): void {
    for (const { bytes } of this.#stream.read(chunk, false)) this.#look(bytes);
  }

  end(): void {
    for (const { bytes } of this.#stream.read(new Uint8Array(0), true)) this.#look(bytes);
  }

  /** The first value of the answer counts. */
  #look(bytes: Uint8Array): void {
    if (this.#isFound) return;
    this.#isFound = true;
    const { next, records, more } = this.#pager;
    const textAt = (pointer: JsonPointer | undefined): string | undefined => textOf(bytes, pointer);
    this.hasMore =
      (more === undefined || textAt(more) === 'true') && (records === undefined || hasElements(bytes, records));
    if (next.by !== 'cursor' && next.by !== 'url') return;
    const text = textAt(next.at);
    this.isNumber = text !== undefined && isNumeral(text);
    this.next = scalarText(text);
  }
}

/** Whether the pager looks into answers at all. */
export function looksInside({ next, records, more }: FollowingPager): boolean {
  return next.by === 'cursor' || next.by === 'url' || records !== undefined || more !== undefined;
}

const firstElement = jsonPointer('/0');

function hasElements(bytes: Uint8Array, pointer: JsonPointer): boolean {
  const range = pointer.find(bytes, 0);
  return range !== undefined && bytes[range[0]] === 0x5b && firstElement?.find(bytes, range[0]) !== undefined;
}

function textOf(bytes: Uint8Array, pointer: JsonPointer | undefined): string | undefined {
  const range = pointer?.find(bytes, 0);
  if (range === undefined || range[1] - range[0] > TEXT_BYTES_MAX) return undefined;
  return Buffer.from(bytes.subarray(range[0], range[1])).toString();
}

function isNumeral(json: string): boolean {
  return /^-?\d/.test(json);
}

/** A string or a number as it is sent; every other value says that there is none. Digits stay as they are. */
function scalarText(json: string | undefined): string | undefined {
  if (json === undefined) return undefined;
  if (isNumeral(json)) return json;
  if (!json.startsWith('"')) return undefined;
  const text: unknown = JSON.parse(json);
  return typeof text === 'string' && text !== '' ? text : undefined;
}
