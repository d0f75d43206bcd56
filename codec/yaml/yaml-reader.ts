/** From YAML text to JSON, in Embulk's dialect, remembering where each value stood. */
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml';
import type { Alias, Document, Node, Pair, Scalar, YAMLMap } from 'yaml';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { RopewayError } from '#spi/errors.ts';
import { yamlErrors } from './errors.ts';
import { resolvePlainScalar } from './plain-scalar.ts';
import type { YamlDialect } from './plain-scalar.ts';

/** Values of a config at most, aliases written out: protects against documents that multiply themselves. */
const NODES_MAX = 1_000_000;
/** Aliases inside aliases. */
const DEPTH_MAX = 200;

/** A piece of the text: lines and columns count from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
  /** One past the last column, on the same line. */
  readonly endColumn: number;
}

export type ConfigPath = readonly (string | number)[];

export interface YamlFile {
  readonly value: JsonObject;
  /** Where the value at the path stands, or the nearest thing around it. */
  placeOf(path: ConfigPath, isKey?: boolean): TextPlace | undefined;
  readonly warnings: readonly RopewayError[];
}

export interface YamlLimits {
  readonly nodes: number;
  readonly depth: number;
  /** Refuses keys that are lists or mappings: `{{ x }}` without quotes is one. */
  readonly needsTextKeys?: boolean;
}

export function readYaml(
  text: string,
  file: string,
  dialect: YamlDialect,
  limits: YamlLimits = { nodes: NODES_MAX, depth: DEPTH_MAX },
): YamlFile {
  const { document, lines, anchors } = parseYaml(text, file);
  const reader = new Reader(anchors, file, { dialect, lines, limits });
  const value = document?.contents ? reader.valueOf(document.contents, []) : null;
  if (!isJsonObject(value)) {
    throw yamlErrors.error(
      'YAML_NOT_A_MAPPING',
      { found: describeJson(value) },
      { where: { file, line: 1, column: 1 } },
    );
  }
  return {
    value,
    placeOf: (path, isKey = false) => placeOf(document?.contents ?? undefined, path, { text, lines, anchors, isKey }),
    warnings: reader.warnings,
  };
}

export interface ParsedYaml {
  readonly document: Document | undefined;
  readonly lines: LineCounter;
  readonly anchors: Anchors;
}

/** The one document of the text, as nodes: what they mean is not asked. */
export function parseYaml(text: string, file: string): ParsedYaml {
  const lines = new LineCounter();
  const documents = parseAllDocuments<Node>(text, {
    version: '1.1',
    // Every plain scalar stays text: its meaning is ours to decide.
    schema: 'failsafe',
    lineCounter: lines,
    uniqueKeys: false,
    keepSourceTokens: false,
    strict: false,
    prettyErrors: false,
  });
  const list = Array.isArray(documents) ? documents : [];
  const [document] = list;
  for (const member of list) throwSyntax(member, file, lines);
  if (list.length > 1) throw yamlErrors.error('YAML_DOCUMENTS', {}, { where: { file } });
  return { document, lines, anchors: new Anchors(document) };
}

/** The value of one node of a text that was read before. */
export function valueOfNode(node: Node, { lines, anchors }: ParsedYaml, dialect: YamlDialect): Json {
  return new Reader(anchors, '', { dialect, lines, limits: { nodes: NODES_MAX, depth: DEPTH_MAX } }).valueOf(node, []);
}

/** `a list`, `the text "x"`, `nothing`: a value in words, for messages. */
export function describeJson(value: unknown): string {
  if (value === null || value === undefined) return 'nothing (null)';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string')
    return `the text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)}`;
  return `the ${typeof value} ${String(value)}`;
}

function throwSyntax(document: Document, file: string, lines: LineCounter): void {
  const [error] = document.errors;
  if (error === undefined) return;
  const { line, col } = lines.linePos(error.pos[0]);
  const extra = { where: { file, line, column: col }, cause: error };
  // Thousands of brackets in one another: the parser goes as deep as the text does.
  if (error.code === 'RESOURCE_EXHAUSTION') throw yamlErrors.error('YAML_TOO_DEEP', { limit: DEPTH_MAX }, extra);
  throw yamlErrors.error('YAML_SYNTAX', { reason: error.message }, extra);
}

/** The nodes that aliases mean, found once: an alias means the last anchor of its name before it. */
export class Anchors {
  readonly #nodes = new Map<string, Node[]>();

  constructor(document: Document | undefined) {
    if (document === undefined) return;
    visit(document, {
      Node: (_, node) => {
        if (isAlias(node) || node.anchor === undefined) return;
        const nodes = this.#nodes.get(node.anchor);
        if (nodes === undefined) this.#nodes.set(node.anchor, [node]);
        else nodes.push(node);
      },
    });
  }

  find(alias: Alias): Node | undefined {
    const at = alias.range?.[0] ?? 0;
    const nodes = this.#nodes.get(alias.source) ?? [];
    // They are in the order of the text, and may be as many as it has lines.
    let [low, high] = [0, nodes.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((nodes[middle]?.range?.[0] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return nodes[low - 1];
  }
}

class Reader {
  readonly warnings: RopewayError[] = [];
  readonly #anchors: Anchors;
  readonly #file: string;
  readonly #dialect: YamlDialect;
  readonly #lines: LineCounter;
  readonly #limits: YamlLimits;
  #nodes = 0;

  constructor(anchors: Anchors, file: string, parts: { dialect: YamlDialect; lines: LineCounter; limits: YamlLimits }) {
    this.#anchors = anchors;
    this.#file = file;
    this.#dialect = parts.dialect;
    this.#lines = parts.lines;
    this.#limits = parts.limits;
  }

  valueOf(node: unknown, path: ConfigPath): Json {
    this.#nodes += 1;
    const { nodes, depth } = this.#limits;
    if (this.#nodes > nodes) throw yamlErrors.error('YAML_TOO_MANY_NODES', { limit: nodes }, this.#at(node));
    if (path.length > depth) throw yamlErrors.error('YAML_TOO_DEEP', { limit: depth }, this.#at(node));
    if (isAlias(node)) return this.valueOf(this.#anchors.find(node), path);
    if (isScalar(node)) return this.#scalar(node);
    if (isSeq(node)) return node.items.map((item, index) => this.valueOf(item, [...path, index]));
    if (isMap(node)) return this.#mapping(node, path);
    return null;
  }

  #scalar(node: Scalar): Json {
    const text = typeof node.value === 'string' ? node.value : String(node.value ?? '');
    const tag = node.tag?.replace('tag:yaml.org,2002:', '!!');
    if (tag !== undefined && tag !== '!' && tag !== '!!str') {
      if (!['!!int', '!!float', '!!bool', '!!null'].includes(tag)) {
        throw yamlErrors.error('YAML_TAG_UNKNOWN', { tag }, this.#at(node));
      }
      return resolvePlainScalar(text, this.#dialect);
    }
    if (node.type !== 'PLAIN' || tag !== undefined) return text;
    if (text === '<<') throw yamlErrors.error('YAML_MERGE_KEY', {}, this.#at(node));
    return resolvePlainScalar(text, this.#dialect);
  }

  #mapping(node: YAMLMap, path: ConfigPath): JsonObject {
    // A null prototype: keys such as `__proto__` are keys.
    const own: Record<string, Json> = Object.create(null) as Record<string, Json>;
    const merged: JsonObject[] = [];
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      if (isMergeKey(pair)) {
        merged.push(...this.#merged(pair, path));
        continue;
      }
      if (this.#limits.needsTextKeys === true && !isScalar(pair.key)) {
        throw yamlErrors.error('YAML_KEY_NOT_TEXT', { example: '"{{ vars.date }}"' }, this.#at(pair.key));
      }
      const key = keyText(pair);
      if (key in own) {
        this.warnings.push(yamlErrors.error('YAML_KEY_REPEATED', { key }, this.#at(pair.key)));
      }
      own[key] = this.valueOf(pair.value, [...path, key]);
    }
    // Keys of the mapping itself win; of several merged mappings the first.
    const object = { ...Object.assign({}, ...merged.reverse()), ...own } as JsonObject;
    return keepOrder(object, Object.keys(own).length, node);
  }

  #merged(pair: Pair, path: ConfigPath): JsonObject[] {
    const value = this.valueOf(pair.value, [...path, '<<']);
    const list = Array.isArray(value) ? (value as readonly Json[]) : [value];
    return list.map((entry) => {
      if (!isJsonObject(entry)) throw yamlErrors.error('YAML_MERGE_KEY', {}, this.#at(pair.key));
      return entry;
    });
  }

  #at(node: unknown): { where: { file: string; line?: number; column?: number } } {
    const offset = rangeOf(node)?.[0];
    if (offset === undefined) return { where: { file: this.#file } };
    const { line, col } = this.#lines.linePos(offset);
    return { where: { file: this.#file, line, column: col } };
  }
}

/** JavaScript puts keys that look like indexes first; such a mapping keeps its order as a list of entries. */
function keepOrder(object: JsonObject, ownKeys: number, node: YAMLMap): JsonObject {
  const isReordered = ownKeys === node.items.length && Object.keys(object).some((key) => /^(0|[1-9]\d*)$/.test(key));
  if (!isReordered) return object;
  return {
    $entries: node.items.flatMap((pair) => (isPair(pair) ? [[keyText(pair), object[keyText(pair)] ?? null]] : [])),
  };
}

export function isMergeKey(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.type === 'PLAIN' && pair.key.value === '<<';
}

export function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value ?? '') : String(pair.key);
}

function rangeOf(node: unknown): readonly [number, number] | undefined {
  const range = (node as { range?: readonly [number, number, number] | null } | null | undefined)?.range;
  return range ? [range[0], range[1]] : undefined;
}

interface PlaceParts {
  readonly text: string;
  readonly lines: LineCounter;
  readonly anchors: Anchors;
  /** The key of the last step instead of its value. */
  readonly isKey: boolean;
}

/** Follows the path as far as the text has it: to the value, or to the key whose value is nested or missing. */
function placeOf(root: Node | undefined, path: ConfigPath, parts: PlaceParts): TextPlace | undefined {
  let node: unknown = root;
  let range = path.length === 0 ? rangeOf(root) : undefined;
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) node = parts.anchors.find(node);
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && keyText(item) === String(step));
      if (pair === undefined) break;
      const isWanted = !(parts.isKey && index === path.length - 1);
      const isPlainValue = isWanted && isScalar(pair.value) && pair.value.value !== '';
      range = rangeOf(isPlainValue ? pair.value : pair.key) ?? range;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (node === undefined) break;
      range = rangeOf(node) ?? range;
    } else break;
  }
  return range === undefined ? undefined : textPlace(range, parts);
}

function textPlace([start, end]: readonly [number, number], { text, lines }: PlaceParts): TextPlace {
  const { line, col } = lines.linePos(start);
  const lineEnd = text.indexOf('\n', start);
  const last = Math.min(end, lineEnd < 0 ? text.length : lineEnd);
  return { line, column: col, endColumn: col + Math.max(1, text.slice(start, last).trimEnd().length) };
}
