/** A configuration as a part of a file: under the key `config`, indented, and otherwise as it is written. */
import { isMap, isPair, isScalar } from 'yaml';
import { writeYaml } from '#codec/yaml/edit-yaml.ts';
import type { YamlDialect } from '#codec/yaml/plain-scalar.ts';
import { sameConfig } from '#codec/yaml/same-config.ts';
import { parseYaml, readYaml } from '#codec/yaml/yaml-reader.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { JsonObject } from '#spi/json.ts';

const INDENT = '  ';
const KEY = 'config';

export function withConfigText(head: string, config: string): string {
  const lines = config.replace(/\n$/, '').split('\n');
  return `${head}${KEY}:\n${lines.map((line) => (line === '' ? '' : INDENT + line)).join('\n')}\n`;
}

/** As it can stand in a file: what would not read back as the value, or not be its own text again, is written anew. */
export function fittingText(text: string, value: JsonObject, dialect: YamlDialect): string {
  const plain = `${text.replaceAll('\r\n', '\n').trimEnd()}\n`;
  const isOwn = isSame(plain, value, dialect) && isCutOut(plain);
  return isOwn ? plain : writeYaml(value);
}

/** The text of the configuration in the text of a file. */
export function configTextOf(file: string, value: JsonObject, dialect: YamlDialect): string {
  const cut = cutOut(file);
  return cut !== undefined && isSame(cut, value, dialect) ? fittingText(cut, value, dialect) : writeYaml(value);
}

function isSame(text: string, value: JsonObject, dialect: YamlDialect): boolean {
  try {
    return sameConfig(readYaml(text, KEY, dialect).value, value);
  } catch (error) {
    // Anchors may stand outside of it: then it is no text of its own.
    if (!isRopewayError(error)) throw error;
    return false;
  }
}

/** Directives and markers of documents can stand at the top of a file only. */
function isCutOut(text: string): boolean {
  try {
    return cutOut(withConfigText('', text)) === text;
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    return false;
  }
}

/** The lines below the key, without their indentation; or what stands behind it. */
function cutOut(file: string): string | undefined {
  const { contents } = parseYaml(file, KEY).document ?? {};
  if (!isMap(contents)) return undefined;
  const pairs = contents.items.filter(isPair);
  const at = pairs.findIndex(({ key }) => isScalar(key) && key.value === KEY);
  const pair = pairs[at];
  const [, keyEnd] = rangeOf(pair?.key);
  const [start, end] = rangeOf(pair?.value);
  if (keyEnd === undefined || start === undefined || end === undefined) return undefined;
  const lineEnd = file.indexOf('\n', keyEnd);
  if (lineEnd < 0 || start < lineEnd) return `${file.slice(start, end).trimEnd()}\n`;
  const [next] = rangeOf(pairs[at + 1]?.key);
  const below = file.slice(lineEnd + 1, next ?? file.length);
  // Comments in the first column before the next key belong to that.
  const lines = next === undefined ? below : below.replace(/(\n(#.*)?)+$/, '');
  return shifted(lines, start - (file.lastIndexOf('\n', start) + 1));
}

function shifted(lines: string, indent: number): string {
  return `${lines.replace(new RegExp(`^ {0,${indent}}`, 'gm'), '').trimEnd()}\n`;
}

function rangeOf(node: unknown): readonly (number | undefined)[] {
  return (node as { range?: readonly number[] | null } | null | undefined)?.range ?? [];
}
