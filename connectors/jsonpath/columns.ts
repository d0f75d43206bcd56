/** Columns of a config as the codec wants them: each with the path to its value. */
import { ByteSink } from '#spi/byte-sink.ts';
import { jsonErrors } from '#codec/json/errors.ts';
import type { JsonPointer } from '#codec/json/navigate.ts';
import { findJson, isJsonPath, isManifold, parseJsonPath } from '#codec/json/path.ts';
import type { JsonPath } from '#codec/json/path.ts';
import type { JsonColumn } from '#codec/json/record-columns.ts';
import { columnTimestampParser } from '#codec/time/column-parser.ts';
import type { JsonPathParserConfig } from './config.ts';

type Place = readonly (string | number)[];

export interface PathColumns {
  readonly columns: readonly JsonColumn[];
  /** Every column has a path of its own: records need not be objects. */
  readonly arePaths: boolean;
  /** The record with what its columns gather behind it; borrowed until the next call. */
  gather(record: Uint8Array): Uint8Array;
}

export function rootOf({ root }: JsonPathParserConfig): JsonPath {
  return pathOf(root, ['root']);
}

/** Undefined when there are none: the record itself is the only column then. */
export function pathColumns(config: JsonPathParserConfig): PathColumns | undefined {
  if (config.columns !== undefined && config.schema !== undefined) {
    refuse(['schema'], '`columns` says the same', 'Remove one of them.');
  }
  const list = config.columns === undefined ? 'schema' : 'columns';
  const written = config.columns ?? config.schema;
  if (written === undefined) return undefined;
  const gathered: GatheredPath[] = [];
  const columns = written.map((column, index): JsonColumn => {
    const { name, type, format, path } = column;
    const pointer = path === undefined ? undefined : pointerOf(path, type, [list, index, 'path']);
    if (pointer instanceof GatheredPath) gathered.push(pointer);
    return {
      name,
      type,
      ...(format === undefined ? {} : { format }),
      ...(pointer === undefined ? {} : { pointer }),
      ...(type === 'timestamp' ? { parser: columnTimestampParser(column, config, index, list) } : {}),
    };
  });
  const sink = new ByteSink();
  return {
    columns,
    arePaths: written.every(({ path }) => path !== undefined),
    gather(record) {
      if (gathered.length === 0) return record;
      sink.clear();
      sink.writeBytes(record);
      for (const path of gathered) path.gather(record, sink);
      return sink.view();
    },
  };
}

function pointerOf(path: string, type: JsonColumn['type'], place: Place): JsonPointer {
  const whole = isJsonPath(path) ? path : path.startsWith('[') ? `$${path}` : `$.${path}`;
  const parsed = pathOf(whole, place);
  if (!isManifold(parsed)) return { find: (bytes, at) => findJson(parsed.steps, bytes, at)[0] };
  if (type === 'json' || type === 'string') return new GatheredPath(parsed);
  return refuse(place, `'${path}' leads to several values`, 'Make the column json, or name one value: [0].');
}

/** The values of a path with `[*]`, as an array that is written behind the record. */
class GatheredPath implements JsonPointer {
  readonly #path: JsonPath;
  #range: readonly [number, number] = [0, 0];

  constructor(path: JsonPath) {
    this.#path = path;
  }

  gather(record: Uint8Array, sink: ByteSink): void {
    const start = sink.length;
    sink.writeByte(0x5b);
    let isFirst = true;
    for (const [from, to] of findJson(this.#path.steps, record, 0)) {
      if (!isFirst) sink.writeByte(0x2c);
      sink.writeBytes(record, from, to);
      isFirst = false;
    }
    sink.writeByte(0x5d);
    this.#range = [start, sink.length];
  }

  find(): readonly [number, number] {
    return this.#range;
  }
}

function pathOf(text: string, place: Place): JsonPath {
  const path = parseJsonPath(text);
  if (typeof path !== 'string') return path;
  return refuse(place, path, 'Names, indexes and [*] can be used: $.data.items[0], $.groups[*].name.');
}

function refuse(path: Place, reason: string, advice: string): never {
  throw jsonErrors.error('JSON_OPTION', { option: path.join('.'), reason, advice }, { where: { path } });
}
