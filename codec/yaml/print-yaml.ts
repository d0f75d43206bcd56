/** Prints configs and diffs as SnakeYAML's default style does: block around flow, 80 columns, quotes where needed. */
import { isBigInteger, isIntegralFloat, isOrderedMapping } from '#spi/config-value.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import { resolvePlainScalar } from './plain-scalar.ts';

const WIDTH = 80;

/** YAML text that reads back to the same value, in both dialects. */
export function printYaml(value: JsonObject): string {
  if (isFlow(value)) return `${flow(value, 0, 0)}\n`;
  return block(value, 0);
}

/** A collection whose members are all scalars is written in one flow. */
function isFlow(value: Json): boolean {
  if (Array.isArray(value)) return (value as readonly Json[]).every(isScalar);
  return isJsonObject(value) && !isTagged(value) && entries(value).every(([, member]) => isScalar(member));
}

function isScalar(value: Json): boolean {
  return typeof value !== 'object' || value === null || isTagged(value);
}

function isTagged(value: Json): boolean {
  return isBigInteger(value) || isIntegralFloat(value);
}

function entries(value: JsonObject): readonly (readonly [string, Json])[] {
  if (isOrderedMapping(value)) return value.$entries;
  return Object.entries(value).flatMap(([key, member]): [string, Json][] =>
    member === undefined ? [] : [[key, member]],
  );
}

function block(value: JsonObject, indent: number): string {
  const pad = ' '.repeat(indent);
  return entries(value)
    .map(([key, member]) => {
      const name = `${pad}${scalar(key)}:`;
      if (isScalar(member)) return `${name} ${scalarOf(member)}\n`;
      if (isFlow(member)) return `${name} ${flow(member, name.length + 1, indent + 2)}\n`;
      if (Array.isArray(member)) return `${name}\n${list(member as readonly Json[], indent)}`;
      return `${name}\n${block(member as JsonObject, indent + 2)}`;
    })
    .join('');
}

/** Dashes stand at the indentation of the key above them. */
function list(items: readonly Json[], indent: number): string {
  const dash = `${' '.repeat(indent)}- `;
  return items
    .map((item) => {
      if (isScalar(item)) return `${dash}${scalarOf(item)}\n`;
      if (isFlow(item)) return `${dash}${flow(item, dash.length, indent + 2)}\n`;
      const nested = Array.isArray(item)
        ? list(item as readonly Json[], indent + 2)
        : block(item as JsonObject, indent + 2);
      return dash + nested.slice(indent + 2);
    })
    .join('');
}

/** A flow collection that begins at `column`; what would go beyond the width continues on the next line, indented. */
function flow(value: Json, column: number, indent: number): string {
  const isList = Array.isArray(value);
  const parts = isList
    ? (value as readonly Json[]).map(scalarOf)
    : entries(value as JsonObject).map(([key, member]) => `${scalar(key)}: ${scalarOf(member)}`);
  let text = isList ? '[' : '{';
  let at = column + 1;
  for (const [index, part] of parts.entries()) {
    const piece = index === 0 ? part : ` ${part}`;
    if (index > 0 && at > WIDTH) {
      text = `${text},\n${' '.repeat(indent)}${part}`;
      at = indent + part.length;
    } else {
      text += index === 0 ? piece : `,${piece}`;
      at += piece.length + (index === 0 ? 0 : 1);
    }
  }
  return text + (isList ? ']' : '}');
}

function scalarOf(value: Json): string {
  if (isBigInteger(value)) return value.$integer;
  if (isIntegralFloat(value)) return value.$float;
  return typeof value === 'string' ? scalar(value) : String(value);
}

/** A string, with quotes when it would read as something else without. */
function scalar(text: string): string {
  if (/[\p{Cc}\p{Cs}\u0085\u2028\u2029\ufeff]/u.test(text)) return doubleQuoted(text);
  if (needsQuotes(text)) return `'${text.replaceAll("'", "''")}'`;
  return text;
}

/** A text that would be read as something else without quotes. */
export function needsQuotes(text: string): boolean {
  if (text === '' || text === '=' || text === '<<' || /^\s|\s$/.test(text)) return true;
  if (resolvePlainScalar(text, '0.11.5') !== text || resolvePlainScalar(text, '0.11.3') !== text) return true;
  // A string here, but a number for other readers of YAML.
  if (/^[-+]?\d[\d_]*\.[\d_]*(?:[eE][-+]?\d+)?$/.test(text)) return true;
  if (/^[-?:](\s|$)|^[,[\]{}#&*!|>'"%@`]|^---|^\.\.\./.test(text)) return true;
  return /[,[\]{}]|: |:$| #/.test(text);
}

function doubleQuoted(text: string): string {
  const short: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\0': '\\0' };
  const body = text.replace(/["\\]|[\p{Cc}\p{Cs}\u0085\u2028\u2029\ufeff]/gu, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    const code = character.charCodeAt(0);
    return short[character] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`);
  });
  return `"${body}"`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).toUpperCase().padStart(digits, '0');
}
