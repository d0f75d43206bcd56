/** Every rule is seen to be broken: a rule that nothing breaks is none. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { VectorBuilder } from '#spi/vector-builder.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import type { Batch } from '#spi/batch.ts';
import type { ConformanceCase } from '#spi/conformance.ts';
import type { Check } from '#spi/connections.ts';
import { RopewayError } from '#spi/errors.ts';
import { option } from '#spi/fields.ts';
import type { Bytes } from '#spi/files.ts';
import type { AnyPlugin, Catalog, Kind } from '#spi/plugin.ts';
import { rulesFor } from './suite.ts';

const text = { title: 'Text', description: 'A text.' };
const column = { name: 's', type: 'string' } as const;
const schema = { columns: [column] };

interface Parts {
  readonly config?: z.ZodObject;
  readonly yaml?: string;
  readonly summary?: string;
}

/** A plugin of whatever it is given; what it lacks is what the test is about. */
function broken(kind: Kind, implementation: object, parts: Parts = {}): AnyPlugin {
  const { config = z.strictObject({}), yaml = 'type: broken\n', summary = 'It is broken.' } = parts;
  return {
    kind,
    name: 'broken',
    title: 'Broken',
    summary,
    stability: 'beta',
    config: async () => config,
    examples: [{ title: 'One', yaml }],
    load: async () => implementation as Awaited<ReturnType<AnyPlugin['load']>>,
  };
}

async function failures(
  plugin: AnyPlugin,
  given: Partial<ConformanceCase> = {},
  others: Catalog = [],
): Promise<string[]> {
  const one: ConformanceCase = { kind: plugin.kind, name: plugin.name, config: {}, ...given };
  const failed: string[] = [];
  for (const { title, run } of rulesFor(plugin, [plugin, ...others], [one])) {
    await run().catch(() => failed.push(title));
  }
  return failed;
}

const filter = { open: () => ({ schema, apply: (batch: Batch) => batch }) };

describe('rules of declarations', () => {
  const secret = z.strictObject({ password: option(z.string().default(''), text) });
  it.each<[string, AnyPlugin, string]>([
    ['no sentence', broken('filter', filter, { summary: 'Broken' }), 'is told in words'],
    [
      'bare options',
      broken('filter', filter, { config: z.strictObject({ a: z.string().default('') }) }),
      'is told in w',
    ],
    [
      'a synonym',
      broken('filter', filter, { config: z.strictObject({ tz: option(z.string().default(''), text) }) }),
      'has names',
    ],
    ['an open secret', broken('filter', filter, { config: secret }), 'marks its secrets'],
    ['an example of another', broken('filter', filter, { yaml: 'type: other\n' }), 'has examples'],
    ['a wrong example', broken('filter', filter, { yaml: 'type: broken\nnope: 1\n' }), 'has examples'],
    ['a loose config', broken('filter', filter, { config: z.looseObject({}) }), 'refuses an option'],
    ['no method', broken('filter', {}), 'loads'],
  ])('find %s', async (_, plugin, rule) => {
    expect(await failures(plugin)).toContainEqual(expect.stringContaining(rule));
  });
});

/** The lines of chunks, as if none ended within a line. */
async function* careless(bytes: Bytes): AsyncGenerator<Batch> {
  const builder = new BatchBuilder(schema);
  for await (const chunk of bytes) {
    for (const line of Buffer.from(chunk).toString().split('\n')) {
      builder.setString(0, line);
      builder.endRow();
    }
  }
  const batch = builder.take();
  if (batch !== undefined) yield batch;
}

async function* once(bytes: Uint8Array): Bytes {
  yield bytes;
}

describe('rules of parsers, formatters, encoders and decoders', () => {
  const parser = { schema: () => schema, parse: (_config: unknown, { bytes }: { bytes: Bytes }) => careless(bytes) };
  const echo = async function* (_config: unknown, bytes: Bytes): Bytes {
    yield* bytes;
  };
  it('find a parser that lets nothing else run, and a decoder that does so with much', async () => {
    const busy = async function* (_config: unknown, bytes: Bytes): Bytes {
      let seen = 0;
      for await (const chunk of bytes) {
        seen += chunk.length;
        const from = performance.now();
        while (seen > 100_000 && performance.now() - from < 1500);
        yield chunk;
      }
    };
    const stops = (failed: readonly string[]): string[] => failed.filter((title) => title.startsWith('stops'));
    const decoder = await failures(broken('decoder', { decode: busy }), { sample: 'abc' });
    expect(stops(decoder)).toEqual([expect.stringContaining('without an end')]);
    const busyParser = {
      schema: () => schema,
      async *parse(_config: unknown, { bytes }: { bytes: Bytes }) {
        for await (const chunk of bytes) {
          const from = performance.now();
          while (performance.now() - from < 1500);
          yield* careless(once(chunk));
        }
      },
    };
    const parserFailed = await failures(broken('parser', busyParser), {
      sample: '',
      endless: { head: 'a', body: 'b' },
    });
    expect(stops(parserFailed)).toHaveLength(2);
  });
  let turn = 0;
  const fickle = { begin: () => Buffer.from(`${turn++}`), write: () => Buffer.alloc(0), end: () => Buffer.alloc(0) };
  it('find a parser that minds where chunks end, and one that makes records of nothing', async () => {
    const failed = await failures(broken('parser', parser), { sample: 'a\nb', records: 2 });
    expect(failed).toEqual([
      'survives an empty file',
      'reads the same for any split of the bytes, and leaves bad records out',
    ]);
  });
  it('find a formatter that writes something else each time, and loses records', async () => {
    expect(await failures(broken('formatter', { open: () => fickle }))).toHaveLength(2);
  });
  it('find an encoder that nobody can undo', async () => {
    const packed = async function* (_config: unknown, bytes: Bytes): Bytes {
      for await (const chunk of bytes) yield Buffer.concat([chunk, Buffer.from('!')]);
    };
    const decoder = broken('decoder', { decode: echo });
    expect(await failures(broken('encoder', { encode: packed }), {}, [decoder])).toHaveLength(1);
    expect(await failures(broken('encoder', { encode: echo }), {}, [decoder])).toHaveLength(0);
  });
  it('find a decoder that minds where chunks end', async () => {
    const counting = async function* (_config: unknown, bytes: Bytes): Bytes {
      for await (const chunk of bytes) yield Buffer.from(String(chunk.length));
    };
    expect(await failures(broken('decoder', { decode: counting }), { sample: 'abc' })).toHaveLength(1);
  });
});

describe('rules of guessers', () => {
  it('find one that needs a sample, and one that says nothing', async () => {
    const needy = {
      guess: (_config: unknown, [first]: Uint8Array) => ({ diff: { a: first?.toFixed() }, findings: [] }),
    };
    const silent = { guess: () => ({ diff: { a: 1 }, findings: [] }) };
    expect(await failures(broken('guess', needy), { sample: 'a' })).toHaveLength(2);
    expect(await failures(broken('guess', silent), { sample: 'a' })).toHaveLength(1);
  });
});

describe('rules of filters', () => {
  const rows = [['a'], ['b'], [null]];
  it.each<[string, object, string]>([
    [
      'changes what it was given',
      { open: () => ({ schema, apply: (batch: Batch) => (batch.vectors[0]?.cells.fill(0), batch) }) },
      'gives batches of its schema',
    ],
    [
      'minds where batches end',
      {
        open: () => {
          const builder = new VectorBuilder('string');
          const apply = (batch: Batch): Batch => {
            builder.begin(batch.rowCount);
            for (let row = 0; row < batch.rowCount; row++) builder.setString(row, String(batch.rowCount));
            return { ...batch, vectors: [builder.take()] };
          };
          return { schema, apply };
        },
      },
      'gives the same wherever batches end',
    ],
    [
      'gives other columns than it says',
      { open: () => ({ schema: { columns: [] }, apply: (batch: Batch) => batch }) },
      'gives batches of its schema',
    ],
    [
      'does not open twice',
      {
        open() {
          if ('opened' in this) throw new Error('again');
          return Object.assign(this, { opened: true, schema, apply: (batch: Batch) => batch });
        },
      },
      'opens and closes without records',
    ],
  ])('find one that %s', async (_, implementation, rule) => {
    const failed = await failures(broken('filter', implementation), { columns: [column], rows });
    expect(failed).toContainEqual(expect.stringContaining(rule));
  });
});

describe('rules of inputs and outputs', () => {
  it('find tasks that are no JSON, deafness, and secrets in errors', async () => {
    const config = z.strictObject({
      password: option(z.string().default(''), { ...text, 'x-secret': true }),
      refuses: option(z.boolean().default(true), text),
    });
    const input = {
      plan: async ({ password }: { password: string }) => {
        if (password !== '') throw new Error(`no way in with ${password}`);
        return { schema, tasks: [{ at: new Date(0) }] };
      },
      async *read() {
        yield* careless(lines());
        await new Promise((done) => setTimeout(done, 1200));
        return {};
      },
    };
    async function* lines(): Bytes {
      yield Buffer.from('a');
    }
    expect(await failures(broken('input', input, { config }))).toEqual([
      'plans and reports in plain JSON, and reads batches of its schema',
      'gives the same when it reads a task again',
      'stops within a second when it is told to',
      'tells no secret',
    ]);
  });
  it('find an output that cannot give up what is complete, or clean up twice', async () => {
    let cleaned = 0;
    const output = {
      plan: async () => null,
      open: async () => {
        let isOpen = true;
        const end = async (): Promise<object> => {
          if (!isOpen) throw new Error('it is closed');
          isOpen = false;
          return {};
        };
        return { write: async () => {}, close: end, abort: end };
      },
      commit: async () => ({}),
      cleanup: async () => {
        cleaned += 1;
        if (cleaned % 2 === 0) throw new Error('there is nothing left');
      },
    };
    expect(await failures(broken('output', output))).toHaveLength(3);
  });
});

describe('rules of connections', () => {
  const owner = broken('input', { plan() {}, read() {} });
  const page = { entries: [{ name: 'a', kind: 'table', isContainer: false }] };
  const good: Check = { name: 'connect', outcome: 'passed', detail: 'It answers.', elapsedMs: 1 };
  const reason = new RopewayError('NO', { kind: 'connector', message: 'No.', hint: 'Ask.' });
  const bad: Check = { name: 'log_in', outcome: 'failed', detail: 'No.', elapsedMs: 1, reason };
  const testing = (...checks: Check[]): object => ({
    async *test() {
      yield* checks;
    },
    browse: async () => page,
  });

  it.each<[string, object, string]>([
    ['tries on after a failure', testing(good, bad, { ...good, name: 'read' }), 'gives its checks in order'],
    ['mixes its checks up', testing({ ...good, name: 'read' }, good), 'gives its checks in order'],
    ['gives no reason', testing(good, { ...bad, reason: reason, outcome: 'passed' }), 'gives its checks in order'],
    [
      'gives larger pages',
      { ...testing(good), browse: async () => ({ entries: [...page.entries, ...page.entries] }) },
      'lists in pages',
    ],
    [
      'cares for no prefix',
      { ...testing(good), browse: async () => ({ entries: [...page.entries, { ...page.entries[0], name: 'b' }] }) },
      'lists in pages',
    ],
  ])('find one that %s', async (_, implementation, rule) => {
    const failed = await failures(broken('connection', implementation), {}, [owner]);
    expect(failed).toContainEqual(expect.stringContaining(rule));
  });

  it('find one that throws for a server that does not answer, whatever the option is called', async () => {
    const config = z.strictObject({ site: option(z.string().default(''), text) });
    const throwing = {
      // oxlint-disable-next-line require-yield -- it throws instead
      async *test({ site }: { site: string }) {
        throw new Error(`nobody answers at ${site}`);
      },
      browse: async () => page,
    };
    const title = 'tells of a server that does not answer, and never throws for it';
    expect(await failures(broken('connection', throwing, { config }))).not.toContain(title);
    const server = (port: number): { site: string } => ({ site: `127.0.0.1:${port}` });
    expect(await failures(broken('connection', throwing, { config }), { server })).toContain(title);
  });

  it('find one without an input, with options of its own, that throws and tells', async () => {
    const config = z.strictObject({
      host: option(z.string().default(''), text),
      password: option(z.string().default(''), { ...text, 'x-secret': true }),
    });
    const throwing = {
      // oxlint-disable-next-line require-yield -- it throws instead
      async *test({ password }: { password: string }) {
        throw new Error(`no way in with ${password}`);
      },
      browse: async () => page,
    };
    const alone = await failures(broken('connection', throwing, { config }));
    expect(alone).toContain('is named as an input or output, and has no option that is not one of theirs');
    expect(alone).toContain('tells of a server that does not answer, and never throws for it');
    expect(alone).toContain('tells no secret');
    expect(await failures(broken('connection', throwing, { config }), {}, [owner])).toEqual(alone);
  });
});
