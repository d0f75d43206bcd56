/** YAML nodes of JSON values, such that both dialects read the values back. */
import { Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { Node } from 'yaml';
import { isBigInteger, isIntegralFloat } from '#spi/config-value.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json } from '#spi/json.ts';
import { floatValue, resolvePlainScalar } from './plain-scalar.ts';
import { needsQuotes } from './print-yaml.ts';
import { entriesOf } from './same-config.ts';

/** A mapping in a list is written in one line up to this length: columns are. */
const FLOW_LENGTH_MAX = 90;

export function nodeOf(value: Json, isInList = false): Node {
  const text = plainText(value);
  if (text !== undefined) return plain(text);
  if (typeof value === 'string') return stringNode(value);
  if (Array.isArray(value)) {
    const list = new YAMLSeq<Node>();
    list.items = (value as readonly Json[]).map((item) => nodeOf(item, true));
    if (list.items.length === 0) list.flow = true;
    return list;
  }
  const mapping = new YAMLMap<Node, Node>();
  // What is neither a scalar nor a list is a mapping.
  const entries = isJsonObject(value) ? entriesOf(value) : [];
  mapping.items = entries.map(([key, member]) => new Pair(stringNode(key, true), nodeOf(member)));
  const isShort = isInList && entries.every(([, member]) => isScalarValue(member)) && length(value) < FLOW_LENGTH_MAX;
  if (entries.length === 0 || isShort) mapping.flow = true;
  return mapping;
}

function length(value: Json): number {
  return JSON.stringify(value).length;
}

function isScalarValue(value: Json): boolean {
  return typeof value !== 'object' || value === null || plainText(value) !== undefined;
}

function plain(text: string): Scalar {
  const node = new Scalar(text);
  node.type = 'PLAIN';
  return node;
}

/** Null, booleans and numbers as they are written; undefined for what is none. */
export function plainText(value: Json): string | undefined {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    const tagged = Number.isSafeInteger(value) ? value : floatValue(value);
    return typeof tagged === 'number' ? digits(tagged) : plainText(tagged);
  }
  if (!isJsonObject(value)) return undefined;
  const text = isBigInteger(value) ? value.$integer : isIntegralFloat(value) ? value.$float : undefined;
  const written = text === undefined ? undefined : withoutZero(text);
  // Something else that only looks like a number of ours is the mapping that it is.
  const isNumber =
    written !== undefined && JSON.stringify(resolvePlainScalar(written, '0.11.5')) === JSON.stringify(value);
  return isNumber ? written : undefined;
}

function digits(value: number): string {
  return withoutZero(String(Object.is(value, -0) ? 0 : value));
}

/** `0.5` is a text in Embulk's YAML: without its zero it is the number. */
function withoutZero(text: string): string {
  return text.replace(/^(-?)0\./, '$1.');
}

/** A text as a node; a key stays on its line. */
export function stringNode(text: string, isKey = false): Scalar {
  const node = new Scalar(text);
  node.type = styleOf(text, isKey);
  return node;
}

export function styleOf(text: string, isKey = false): Scalar.Type {
  if (isLines(text) && !isKey) return 'BLOCK_LITERAL';
  if (isSpecial(text)) return 'QUOTE_DOUBLE';
  return needsQuotes(text) ? 'QUOTE_SINGLE' : 'PLAIN';
}

/** Several lines that a block shows as they are. */
export function isLines(text: string): boolean {
  return (
    /[^\n]\n[^\n]/.test(text) && !isSpecial(text.replaceAll('\n', '')) && !/^\s|[ \t]\n|\s$(?<!\n)|\n\n$/.test(text)
  );
}

/** Characters that only double quotes can write. */
export function isSpecial(text: string): boolean {
  return /[\p{Cc}\p{Cs}\u0085\u2028\u2029\ufeff]/u.test(text);
}
