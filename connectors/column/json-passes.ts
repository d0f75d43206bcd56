/** What the filter does inside json columns: the config's paths as passes over a column, each with one edit. */
import type { Vector } from '#spi/batch.ts';
import type { ColumnType, Schema } from '#spi/schema.ts';
import { columnStep, JsonCells } from '#codec/cells/json-cells.ts';
import type { ColumnPath } from '#codec/cells/json-cells.ts';
import { writeScalarJson } from '#codec/cells/scalar.ts';
import { isJsonPath, jsonPathText } from '#codec/json/path.ts';
import type { JsonEdit, JsonStep } from '#codec/json/path.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { ColumnConfig, ColumnEntry } from './config.ts';
import { defaultOf } from './defaults.ts';
import type { EntryPath } from './defaults.ts';
import { columnErrors } from './errors.ts';
import { addChild, dropChildren, keepChildren } from './json-edits.ts';
import type { Child } from './json-edits.ts';

export interface Pass {
  /** Of the json column in the output. */
  readonly index: number;
  readonly apply: (vector: Vector, rowCount: number) => Vector;
}

/** A child of some parent inside a json column. */
interface Placed {
  readonly index: number;
  readonly parent: readonly JsonStep[];
  readonly child: Child;
}

export function jsonPasses(config: ColumnConfig, output: Schema): readonly Pass[] {
  const columns = placedEntries(config, 'columns', output);
  const adds = placedEntries(config, 'add_columns', output);
  const drops = config.drop_columns.flatMap(({ name }, position): Placed[] => {
    if (!isJsonPath(name)) return [];
    const { index, parent, step } = pathOf(name, ['drop_columns', position, 'name'], output);
    return [{ index, parent, child: { step, source: step } }];
  });
  return [
    ...ancestors([...columns, ...adds]).map(({ index, parent, child }) => pass(index, parent, addChild(child))),
    ...adds.map(({ index, parent, child }) => pass(index, parent, addChild(child))),
    ...groups(drops).map(({ index, parent, children }) => pass(index, parent, dropChildren(children))),
    ...groups(columns).map(({ index, parent, children }) => pass(index, parent, keepChildren(children))),
  ];
}

function pass(index: number, parent: readonly JsonStep[], edit: JsonEdit): Pass {
  const cells = new JsonCells(parent);
  return { index, apply: (vector, rowCount) => cells.rewrite(vector, rowCount, edit) };
}

function placedEntries(config: ColumnConfig, list: EntryPath[0], output: Schema): Placed[] {
  return config[list].flatMap((entry, position): Placed[] => {
    if (!isJsonPath(entry.name)) return [];
    const path: EntryPath = [list, position];
    const { index, parent, step } = pathOf(entry.name, [...path, 'name'], output);
    return [
      {
        index,
        parent,
        child: { step, source: sourceStep(entry, path, { parent, step, output }), ...preset(entry, path, config) },
      },
    ];
  });
}

/** The default of an entry as JSON. */
function preset(entry: ColumnEntry, path: EntryPath, config: ColumnConfig): { readonly preset?: Uint8Array } {
  if (entry.default === undefined) return {};
  const where = [...path, 'type'];
  const type: ColumnType | undefined = entry.type;
  if (type === undefined) return refuse(entry.name, 'its default has no `type`', where);
  if (type === 'timestamp') return refuse(entry.name, 'JSON has no timestamps', where);
  const value = defaultOf(entry, type, config, path);
  const sink = new ByteSink(64);
  if (value === undefined || !writeScalarJson(sink, value))
    return refuse(entry.name, 'JSON has no such value as its default', where);
  return { preset: sink.view().slice() };
}

function sourceStep(
  { src }: ColumnEntry,
  path: EntryPath,
  own: { readonly parent: readonly JsonStep[]; readonly step: JsonStep; readonly output: Schema },
): JsonStep {
  if (src === undefined) return own.step;
  const where = [...path, 'src'];
  const { parent, step, index } = pathOf(src, where, own.output);
  const isSibling = jsonPathText(parent) === jsonPathText(own.parent) && index === pathOf(src, where, own.output).index;
  return isSibling ? step : refuse(src, 'a source has the same parent as the path itself', where);
}

function pathOf(
  text: string,
  where: readonly (string | number)[],
  output: Schema,
): { readonly index: number; readonly parent: readonly JsonStep[]; readonly step: JsonStep } {
  const path: ColumnPath | string = columnStep(text, output);
  if (typeof path === 'string') return refuse(text, path, where);
  const step = path.steps.at(-1);
  if (step === undefined || step.kind === 'all') return refuse(text, 'it may not end in [*]', where);
  return { index: path.index, parent: path.steps.slice(0, -1), step };
}

function refuse(path: string, reason: string, where: readonly (string | number)[]): never {
  throw columnErrors.error('COLUMN_PATH', { path, reason }, { where: { path: where } });
}

/** What a default needs above itself: objects and arrays, from the top down. */
function ancestors(entries: readonly Placed[]): Placed[] {
  const found = new Map<string, Placed>();
  for (const { index, parent, child } of entries) {
    if (child.preset === undefined) continue;
    for (const [depth, step] of parent.entries()) {
      if (step.kind === 'all') break;
      const next = parent[depth + 1] ?? child.step;
      const empty = Buffer.from(next.kind === 'name' ? '{}' : '[]');
      const key = `${index} ${jsonPathText(parent.slice(0, depth + 1))}`;
      const above = { index, parent: parent.slice(0, depth), child: { step, source: step, preset: empty } };
      if (!found.has(key)) found.set(key, above);
    }
  }
  return [...found.values()];
}

interface Group {
  readonly index: number;
  readonly parent: readonly JsonStep[];
  readonly children: Child[];
}

/** Children of one parent are dealt with together. */
function groups(placed: readonly Placed[]): Group[] {
  const found = new Map<string, Group>();
  for (const { index, parent, child } of placed) {
    const key = `${index} ${jsonPathText(parent)}`;
    const group = found.get(key) ?? { index, parent, children: [] };
    group.children.push(child);
    found.set(key, group);
  }
  // Outer parents first: what they leave out need not be edited.
  return [...found.values()].sort((a, b) => a.parent.length - b.parent.length);
}
