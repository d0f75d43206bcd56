/** One file through a parser of the catalogue: its records as plain values, and what it left out. */
import { catalog } from '#connectors/catalog.ts';
import { assert } from '#spi/assert.ts';
import { valueAt } from '#spi/batch.ts';
import type { TaskContext } from '#spi/context.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Kinds } from '#spi/plugin.ts';
import { keptLog } from './memory-plugins.ts';

export interface Parsed {
  readonly names: readonly string[];
  readonly rows: readonly unknown[][];
  /** Each as `line:column code text`, as far as there is a line and a column. */
  readonly rejected: readonly string[];
}

export interface ParsingOptions {
  /** Bytes of the pieces that the file comes in, which all lie in the same memory. */
  readonly pieceBytes?: number;
  readonly isPreview?: boolean;
  readonly tempDir?: string;
}

export async function parseFile(
  name: string,
  config: JsonObject,
  content: string | Uint8Array,
  options: ParsingOptions = {},
): Promise<Parsed> {
  const plugin = catalog.find((member) => member.kind === 'parser' && member.name === name);
  assert(plugin, 'tests name parsers of the catalogue');
  // The config has passed the plugin's own schema.
  const parser = (await plugin.load()) as unknown as Kinds<unknown>['parser'];
  const resolved = (await plugin.config()).parse(config);
  const { columns } = parser.schema(resolved);
  const rejected: string[] = [];
  const rows: unknown[][] = [];
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const file = { name: '/file', bytes: pieces(bytes, options.pieceBytes ?? Math.max(1, bytes.length)) };
  for await (const batch of parser.parse(resolved, file, parsingContext(rejected, options))) {
    for (let row = 0; row < batch.rowCount; row++) rows.push(batch.vectors.map((vector) => valueAt(vector, row)));
  }
  return { names: columns.map(({ name: column, type }) => `${column}:${type}`), rows, rejected };
}

/** The bytes in pieces that are only lent. */
export async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const lent = new Uint8Array(Math.min(size, bytes.length));
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    lent.set(piece);
    yield lent.subarray(0, piece.length);
    lent.fill(0x2a);
  }
}

export function parsingContext(rejected: string[], options: ParsingOptions = {}): TaskContext {
  return {
    log: keptLog().log,
    signal: new AbortController().signal,
    tempDir: async () => options.tempDir ?? '/nowhere',
    transactionTime: new Date(0),
    isPreview: options.isPreview ?? false,
    taskIndex: 0,
    reject: ({ reason, where, text }) => {
      const place = [where.line, where.column, where.record && `#${where.record}`].filter(Boolean).join(':');
      rejected.push(`${place} ${reason.code} ${text ?? ''}`);
    },
    progress: () => {},
  };
}
