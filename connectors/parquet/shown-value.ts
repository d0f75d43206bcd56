/** A value of a file as evidence: for people, shortened. */
import type { Node } from './client.ts';
import { jsonOf } from './conversions.ts';

const SHOWN_MAX = 200;
/** Bytes that are no text are shown as hexadecimal digits. */
const SHOWN_BYTES_MAX = 32;

export function shownValue(node: Node, value: unknown): string {
  if (value instanceof Uint8Array) {
    const text = jsonOf(node, value);
    return text === undefined ? `0x${Buffer.from(value.subarray(0, SHOWN_BYTES_MAX)).toString('hex')}` : cut(text);
  }
  const text = jsonOf(node, value) ?? (typeof value === 'bigint' ? String(value) : '(nested)');
  return cut(text);
}

function cut(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
