/**
 * Changes the YAML text of a config so that it says something else: what stays is left as it is written, with its
 * comments, order, quotes and anchors. The text is edited and read again until it says what is wanted: a changed
 * anchor changes its aliases, which are then written out.
 */
import { Document, Pair, isAlias, isMap, isScalar, isSeq, visit } from 'yaml';
import type { Node, Scalar, ToStringOptions, YAMLMap, YAMLSeq } from 'yaml';
import { isOrderedMapping } from '#spi/config-value.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { YamlDialect } from './plain-scalar.ts';
import { alignLists, entriesOf, sameConfig } from './same-config.ts';
import { isMergeKey, keyText, parseYaml, readYaml, valueOfNode } from './yaml-reader.ts';
import type { ParsedYaml } from './yaml-reader.ts';
import { isLines, isSpecial, nodeOf, plainText, stringNode, styleOf } from './yaml-nodes.ts';

/** Each pass writes out the aliases that the one before changed: so many are in one another at most. */
const PASSES_MAX = 8;
/** From this pass on changed texts are in double quotes, which can write everything. */
const SAFE_PASS = 3;

const unfolded: ToStringOptions = { lineWidth: 0, minContentWidth: 0, verifyAliasOrder: false };

/** YAML text that reads back to the value, in both dialects. */
export function writeYaml(value: JsonObject): string {
  return new Document(nodeOf(value), { version: '1.1', schema: 'failsafe' }).toString(unfolded);
}

export function editYaml(text: string, wanted: JsonObject, dialect: YamlDialect): string {
  let edited = text;
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    const { value } = readYaml(edited, '', dialect);
    if (sameConfig(value, wanted)) return text.includes('\r\n') ? edited.replaceAll(/\r?\n/g, '\r\n') : edited;
    const parsed = parseYaml(edited, '');
    const { document } = parsed;
    if (document === undefined || document.contents === null) break;
    const style = styleOfText(edited, parsed);
    document.contents = new Editor(pass >= SAFE_PASS).edit(document.contents, value, wanted);
    writeOutLostAliases(document, parsed, dialect);
    edited = document.toString({ ...unfolded, ...style });
  }
  return writeYaml(wanted);
}

class Editor {
  readonly #isSafe: boolean;

  constructor(isSafe: boolean) {
    this.#isSafe = isSafe;
  }

  /** The node that stands in the place of this one. */
  edit(node: Node | null, before: Json | undefined, after: Json): Node {
    if (node === null || before === undefined) return nodeOf(after);
    if (sameConfig(before, after)) return node;
    const text = plainText(after) ?? (typeof after === 'string' ? after : undefined);
    if (text !== undefined) return isScalar(node) ? this.#scalar(node, after, text) : inPlaceOf(node, after);
    if (isSeq<Node>(node) && Array.isArray(before) && Array.isArray(after)) return this.#list(node, before, after);
    if (isMap<Node, Node>(node) && isJsonObject(before) && isJsonObject(after)) {
      return this.#mapping(node, before, after);
    }
    return inPlaceOf(node, after);
  }

  #scalar(node: Scalar, after: Json, text: string): Node {
    // What a tag said of the value before is not true any more.
    delete node.tag;
    delete node.source;
    if (typeof after !== 'string') node.type = 'PLAIN';
    else if (this.#isSafe) node.type = 'QUOTE_DOUBLE';
    else node.type = keptStyle(node.type ?? 'PLAIN', text);
    node.value = text;
    return node;
  }

  #list(list: YAMLSeq<Node>, before: readonly Json[], after: readonly Json[]): Node {
    const items = list.items;
    const from = alignLists(before, after);
    list.items = after.map((value, index) => {
      const place = from[index];
      const item = place === undefined ? undefined : items[place];
      return item === undefined || place === undefined
        ? nodeOf(value, true)
        : this.edit(item, before[place] ?? null, value);
    });
    return list;
  }

  #mapping(mapping: YAMLMap<Node, Node>, before: JsonObject, after: JsonObject): Node {
    const was = new Map(entriesOf(before));
    const wanted = new Map(entriesOf(after));
    const own = new Map<string, Pair<Node, Node>>();
    for (const pair of mapping.items) if (!isMergeKey(pair)) own.set(keyText(pair), pair);
    const isUnwanted = (key: string): boolean => !own.has(key) && !wanted.has(key);
    // What is merged in cannot be taken out one by one.
    const keepsMerged = ![...was.keys()].some(isUnwanted);
    mapping.items = mapping.items.filter((pair) => (isMergeKey(pair) ? keepsMerged : wanted.has(keyText(pair))));
    for (const [key, value] of wanted) {
      const pair = own.get(key);
      const inherited = keepsMerged ? was.get(key) : undefined;
      if (pair !== undefined) pair.value = this.edit(pair.value, was.get(key), value);
      else if (inherited === undefined || !sameConfig(inherited, value)) {
        mapping.items.push(new Pair(stringNode(key, true), nodeOf(value)));
      }
    }
    if (isOrderedMapping(after)) {
      const places = new Map([...wanted.keys()].map((key, index) => [key, index]));
      mapping.items.sort((a, b) => (places.get(keyText(a)) ?? -1) - (places.get(keyText(b)) ?? -1));
    }
    return mapping;
  }
}

/** As it was written before, as far as that can write the text. */
function keptStyle(style: Scalar.Type, text: string): Scalar.Type {
  if (style === 'QUOTE_DOUBLE') return style;
  if (style === 'QUOTE_SINGLE') return isSpecial(text) ? 'QUOTE_DOUBLE' : style;
  if (style !== 'PLAIN' && isLines(text)) return style;
  return styleOf(text);
}

function inPlaceOf(node: Node, value: Json): Node {
  const fresh = nodeOf(value);
  fresh.commentBefore = node.commentBefore ?? null;
  fresh.comment = node.comment ?? null;
  if (node.spaceBefore === true) fresh.spaceBefore = true;
  return fresh;
}

/** Aliases whose anchor is gone, stands behind them now, or behind another of its name. */
function writeOutLostAliases(document: Document, parsed: ParsedYaml, dialect: YamlDialect): void {
  const latest = new Map<string, Node>();
  visit(document, {
    Node: (_, node) => {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) latest.set(node.anchor, node);
        return undefined;
      }
      const meant = parsed.anchors.find(node);
      if (meant !== undefined && latest.get(node.source) === meant) return undefined;
      return meant === undefined ? nodeOf(null) : inPlaceOf(node, valueOfNode(meant, parsed, dialect));
    },
  });
}

/** How the text is indented and padded. */
function styleOfText(text: string, { document, lines }: ParsedYaml): ToStringOptions {
  let indentSeq: boolean | undefined;
  let indent: number | undefined;
  let flowCollectionPadding: boolean | undefined;
  const column = (node: unknown): number | undefined => {
    const at = (node as Partial<Node> | null)?.range?.[0];
    return at === undefined ? undefined : lines.linePos(at).col;
  };
  visit(document ?? null, {
    Pair: (_, pair) => {
      const [outer, inner] = [column(pair.key), column(pair.value)];
      if (outer === undefined || inner === undefined) return;
      if (isSeq(pair.value) && pair.value.flow !== true) indentSeq ??= inner > outer;
      if (isMap(pair.value) && pair.value.flow !== true && inner > outer) indent ??= inner - outer;
    },
    Collection: (_, node) => {
      const at = node.range?.[0];
      if (node.flow === true && node.items.length > 0 && at !== undefined) {
        flowCollectionPadding ??= /\s/.test(text.charAt(at + 1));
      }
    },
  });
  return {
    ...(indentSeq === undefined ? {} : { indentSeq }),
    ...(indent === undefined ? {} : { indent }),
    ...(flowCollectionPadding === undefined ? {} : { flowCollectionPadding }),
  };
}
