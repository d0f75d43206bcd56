/** What must hold for every plugin that works in ranges and pieces: it gives what it gives in one stream. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { valueAt } from '#spi/batch.ts';
import type { TaskContext } from '#spi/context.ts';
import type { Bytes, Encoder, FileInput, FileOutput, Parser, PieceSummary } from '#spi/files.ts';
import type { RangeFile, TextPlace } from '#spi/ranges.ts';
import { catalog } from '#connectors/catalog.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';

function context(rejected: string[] = []): TaskContext {
  return {
    log: keptLog().log,
    signal: new AbortController().signal,
    tempDir: async () => '/nowhere',
    transactionTime: new Date(0),
    isPreview: false,
    taskIndex: 0,
    reject: ({ where }) => rejected.push(String(where.line)),
    progress: () => {},
  };
}

interface Member<T> {
  readonly name: string;
  readonly plugin: T;
  readonly config: unknown;
}

const columns = [
  { name: 'n', type: 'long' },
  { name: 's', type: 'string' },
];
/** Settings that a plugin cannot do without. */
const settings: Readonly<Record<string, object>> = {
  'parser csv': { columns, skip_header_lines: 1 },
};

/** The members of a kind that have the optional method, with a config. */
async function withMethod<T>(kind: string, method: keyof T & string): Promise<Member<T>[]> {
  const members: Member<T>[] = [];
  for (const plugin of catalog.filter((member) => member.kind === kind)) {
    const loaded = (await plugin.load()) as T; // of that kind
    if (loaded[method] === undefined) continue;
    const schema = await plugin.config();
    const config: unknown = schema.safeParse(settings[`${kind} ${plugin.name}`] ?? {}).data ?? {};
    members.push({ name: plugin.name, plugin: loaded, config });
  }
  return members;
}

const encoders = await withMethod<Encoder<unknown>>('encoder', 'openPieces');
const parsers = await withMethod<Parser<unknown>>('parser', 'openRanges');

async function* once(bytes: Uint8Array): Bytes {
  yield bytes;
}

async function collect(bytes: Bytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

describe.each(encoders)('encoder $name in pieces', ({ name, plugin, config }) => {
  it('is decoded as one file, whatever the pieces, and each alike however it is written', async () => {
    const decoder = catalog.find((member) => member.kind === 'decoder' && member.name === name);
    const decode = (await decoder?.load()) as { decode: (...args: unknown[]) => Bytes }; // of the same name
    const text = fc.array(fc.constantFrom('a', '{"key":', '12345', '\n', 'é', '\0'), { maxLength: 200 });
    const pieces = fc.array(
      text.map((parts) => Buffer.from(parts.join(''))),
      { maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(pieces, fc.array(fc.nat(500), { maxLength: 3 }), async (texts, cuts) => {
        const encoder = plugin.openPieces?.(config);
        if (encoder === undefined) throw new Error('it is there');
        const model = encoder.train(texts[0] ?? Buffer.alloc(0));
        const encode = (piece: Buffer, at: readonly number[]): [Buffer, PieceSummary] => {
          encoder.begin(model);
          const edges = [0, ...at.map((edge) => Math.min(edge, piece.length)), piece.length].sort((a, b) => a - b);
          const parts = edges
            .slice(1)
            .map((edge, index) => Buffer.from(encoder.write(piece.subarray(edges[index], edge))));
          const { bytes, summary } = encoder.end();
          return [Buffer.concat([...parts, bytes]), [...summary]];
        };
        const file: Buffer[] = [Buffer.from(encoder.head())];
        let summary = encoder.emptySummary;
        for (const piece of texts) {
          const [bytes, own] = encode(piece, []);
          expect(encode(piece, cuts)).toEqual([bytes, own]);
          summary = encoder.combine(summary, own);
          file.push(bytes);
        }
        file.push(Buffer.from(encoder.tail(summary)));
        const whole = Buffer.concat(file);
        const decoded = decode.decode({}, once(whole), { name: '/file' }, context());
        const back = whole.length === 0 ? Buffer.alloc(0) : await collect(decoded);
        expect(back.equals(Buffer.concat(texts))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

function memoryFile(bytes: Uint8Array): RangeFile {
  return {
    name: '/file',
    sizeBytes: bytes.length,
    read: async (position, target) => {
      const part = bytes.subarray(position, position + target.length);
      target.set(part);
      return part.length;
    },
    close: async () => {},
  };
}

describe.each(parsers)('parser $name in ranges', ({ plugin, config }) => {
  const text = Buffer.from('header\n1,"a\nb"\n2,é😀\n\nx,bad\n3,"q""q"\r\n4,"\r\n"\n5,last');

  it('gives the records and rejections of the whole, range after range', async () => {
    const rejected: string[] = [];
    const rows: unknown[] = [];
    for await (const batch of plugin.parse(config, { name: '/file', bytes: once(text) }, context(rejected))) {
      for (let row = 0; row < batch.rowCount; row++) rows.push(batch.vectors.map((vector) => valueAt(vector, row)));
    }
    for (const size of [1, 5, 20, 1000]) {
      const parser = plugin.openRanges?.(config);
      if (parser === undefined) throw new Error('it is there');
      const inRanges: unknown[] = [];
      const lines: string[] = [];
      let place: TextPlace = parser.start;
      for (let to = size; ; to += size) {
        const batches = parser.parse(memoryFile(text), { place, to }, ({ where }) => lines.push(String(where.line)));
        let step = await batches.next();
        for (; step.done !== true; step = await batches.next()) {
          const { rowCount, vectors } = step.value;
          for (let row = 0; row < rowCount; row++) inRanges.push(vectors.map((vector) => valueAt(vector, row)));
        }
        place = step.value.place;
        if (step.value.isEnd) break;
      }
      parser.close();
      expect([inRanges, lines]).toEqual([rows, rejected]);
    }
    expect(rows).toHaveLength(5);
  });

  it('guesses only places within the range, and none in a range without a line break', async () => {
    const parser = plugin.openRanges?.(config);
    if (parser === undefined) throw new Error('it is there');
    for (let from = 1; from < text.length; from++) {
      for (const to of [from + 1, from + 9, text.length]) {
        const guess = await parser.guess(memoryFile(text), from, Math.min(to, text.length));
        if (guess === undefined) continue;
        expect(guess.position).toBeGreaterThanOrEqual(from);
        expect(guess.position).toBeLessThan(to);
        expect(guess).toMatchObject({ lines: 0, pendingLines: 0 });
      }
    }
    expect(await parser.guess(memoryFile(Buffer.from('1,a\n2,bcdef')), 6, 9)).toBeUndefined();
    parser.close();
  });
});

describe('files in ranges', async () => {
  const inputs = await withMethod<FileInput<unknown>>('file_input', 'openRanges');
  const outputs = await withMethod<FileOutput<unknown>>('file_output', 'openRanges');
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ranges-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('are offered by local files', () => {
    expect(inputs.map(({ name }) => name)).toContain('file');
    expect(outputs.map(({ name }) => name)).toContain('file');
  });

  it('read what is there, and tell of a change', async () => {
    const path = join(folder, 'in.bin');
    await writeFile(path, 'abcdefghij');
    const local = inputs.find(({ name }) => name === 'file')?.plugin;
    const config = { path_prefix: path, follow_symlinks: false };
    const { tasks } = (await local?.plan(config, context())) ?? { tasks: [] };
    const file = await local?.openRanges?.(config, tasks[0] ?? null, context());
    if (file === undefined) throw new Error('it is there');
    const target = new Uint8Array(4);
    expect([await file.read(3, target), Buffer.from(target).toString()]).toEqual([4, 'defg']);
    expect(await file.read(8, target)).toBe(2);
    expect(file.sizeBytes).toBe(10);
    await writeFile(path, 'abcdefghijk');
    await expect(file.close()).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });

  it('are written at any place, and get their names with the commit', async () => {
    const local = outputs.find(({ name }) => name === 'file')?.plugin;
    if (local === undefined) throw new Error('it is there');
    const config = { path_prefix: join(folder, 'out'), file_ext: 'x', sequence_format: '.', atomic: true };
    const plan = await local.plan(config, 1, context());
    const sink = await local.open(config, plan, context());
    await sink.nextFile();
    const address = sink.rangeAddress?.();
    if (address === undefined) throw new Error('it is there');
    const [first, second] = [await local.openRanges?.(config, address), await local.openRanges?.(config, address)];
    await second?.write(5, Buffer.from('world'));
    await first?.write(0, Buffer.from('hello'));
    await first?.close();
    await second?.close();
    const report = await sink.close();
    await expect(readFile(join(folder, 'out.x'))).rejects.toThrow('ENOENT');
    await local.commit(config, plan, [report], context());
    expect(await readFile(join(folder, 'out.x'), 'utf8')).toBe('helloworld');
  });
});
