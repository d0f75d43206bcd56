/**
 * Files read in chunks: whatever the size of the chunks, the guesses and the machines, the outcome is that of reading
 * from the beginning to the end. Everything runs in one thread here; threads.test.ts has several.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Logger } from '#spi/context.ts';
import type { JsonObject } from '#spi/json.ts';
import { isRopewayError } from '#spi/errors.ts';
import { catalog } from '#connectors/catalog.ts';
import { JobReader } from '#engine/config/job-reader.ts';
import { runJob } from '#engine/transaction.ts';
import { fuzz } from '#test/kit/fuzz.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'split-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Way {
  readonly chunkBytes: number;
  readonly spoilsGuesses: boolean;
  readonly kernelUse: 'always' | 'never';
}

/** What a run leaves behind: files, and the words about records that were left out, or about the failure. */
interface Outcome {
  readonly files: Readonly<Record<string, string>>;
  readonly words: readonly string[];
  readonly counts?: object;
}

async function outcome(text: Uint8Array, sections: Sections, way: Way): Promise<Outcome> {
  const place = mkdtempSync(join(folder, 'run-'));
  writeFileSync(join(place, 'in.csv'), text);
  const lines: string[] = [];
  const keep: Logger['info'] = (sentence, fields) => void lines.push(`${sentence} ${JSON.stringify(fields)}`);
  const log: Logger = { error: keep, warn: keep, info: keep, debug: keep };
  const reader = new JobReader(config(place, sections), catalog, { ...way, maxThreads: 1, minOutputTasks: 2 });
  const job = await reader.job();
  expect(reader.errors).toEqual([]);
  if (job === undefined) throw new Error('there is a job');
  try {
    const { counts } = await runJob(job, { catalog, log, signal: new AbortController().signal });
    return { files: outputs(place), words: told(lines, place), counts: { ...counts } };
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    const failure = `${error.code} ${error.message} ${error.where.file ?? ''}:${error.where.line ?? ''}`;
    return { files: outputs(place), words: [...told(lines, place), failure.replaceAll(place, '')] };
  } finally {
    rmSync(place, { recursive: true });
  }
}

function outputs(place: string): Readonly<Record<string, string>> {
  const names = readdirSync(place).filter((name) => name !== 'in.csv');
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(place, name), 'latin1')]));
}

function told(lines: readonly string[], place: string): string[] {
  return lines.filter((line) => /skip/i.test(line)).map((line) => line.replaceAll(place, ''));
}

interface Sections {
  readonly parser: JsonObject;
  readonly filters: readonly JsonObject[];
  readonly formatter: JsonObject;
}

function config(place: string, { parser, filters, formatter }: Sections): JsonObject {
  return {
    in: { type: 'file', path_prefix: join(place, 'in'), parser: { type: 'csv', columns, ...parser } },
    filters,
    out: { type: 'file', path_prefix: join(place, 'out'), file_ext: 'x', formatter },
  };
}

const columns = [
  { name: 'a', type: 'string' },
  { name: 'b', type: 'long' },
];

/** Records, good and bad, of characters that matter. */
const piece = fc.constantFrom('"', '""', ',', '\n', '\r', '\r\n', '\\', ' ', 'a', '12', '#', '\0', 'é', '😀', '"x\ny"');
const good = fc
  .tuple(fc.constantFrom('a', '"a\nb"', '"",', 'é"', '"\r\n,"""'), fc.nat(999))
  .map(([a, b]) => `${a},${b}\n`);
const soup = fc
  .array(fc.oneof({ weight: 3, arbitrary: good }, { weight: 2, arbitrary: piece }), { maxLength: 40 })
  .map((parts) => Buffer.from(parts.join('')));
/** The same with bytes that are no UTF-8 here and there. */
const malformed = fc
  .tuple(soup, fc.array(fc.tuple(fc.nat(200), fc.constantFrom(0xff, 0xc3, 0x80, 0xed))))
  .map(([text, faults]) => {
    const bytes = Buffer.from(text);
    for (const [at, byte] of faults) if (at < bytes.length) bytes[at] = byte;
    return bytes;
  });

const sectionsOf = fc.record({
  parser: fc.record({
    skip_header_lines: fc.constantFrom(0, 1, 3),
    stop_on_invalid_record: fc.constantFrom(false, false, true),
    allow_optional_columns: fc.boolean(),
    allow_extra_columns: fc.boolean(),
    quote: fc.constantFrom('"', "'"),
    comment_line_marker: fc.constantFrom(null, '#'),
    max_quoted_size_limit: fc.constantFrom(4, 131_072),
    newline: fc.constantFrom('CRLF', 'LF'),
    trim_if_not_quoted: fc.boolean(),
  }),
  filters: fc.constantFrom<JsonObject[]>(
    [],
    [
      { type: 'rename', columns: { a: 'z' } },
      { type: 'remove_columns', remove: ['b'] },
    ],
  ),
  formatter: fc.constantFrom<JsonObject>({ type: 'csv' }, { type: 'jsonl' }),
});

const ways = fc.record({
  chunkBytes: fc.constantFrom(1, 7, 64, 200),
  spoilsGuesses: fc.boolean(),
  kernelUse: fc.constantFrom('always' as const, 'never' as const),
});

const whole: Way = { chunkBytes: 1024 * 1024, spoilsGuesses: false, kernelUse: 'never' };

describe('a file in chunks', () => {
  it.each([
    ['well-formed text', soup],
    ['malformed text', malformed],
  ])('reads like a file in one piece: %s', async (_title, texts) => {
    await fc.assert(
      fc.asyncProperty(texts, sectionsOf, ways, async (text, sections, way) => {
        expect(await outcome(text, sections, way)).toEqual(await outcome(text, sections, whole));
      }),
      fuzz(400),
    );
  });

  it('counts lines from the top of the file', async () => {
    const text = Buffer.from(`${'"x\ny",1\n'.repeat(50)}x,bad\n${'x,1\n'.repeat(50)}y,worse\n`);
    const sections: Sections = { parser: {}, filters: [], formatter: { type: 'csv' } };
    const { words } = await outcome(text, sections, { ...whole, chunkBytes: 64 });
    expect(words.join('\n')).toMatch(/"line":101\b[^]*"line":152\b/);
    const stopped = await outcome(
      text,
      { ...sections, parser: { stop_on_invalid_record: true } },
      { ...whole, chunkBytes: 64 },
    );
    expect(stopped.words).toEqual([expect.stringMatching(/^CSV_LONG_INVALID .*:101$/)]);
    expect(stopped.files).toEqual({});
  });

  it('forgets the rows of a chunk that was begun at the wrong place and stopped at a bad record', async () => {
    const text = Buffer.from('é",10\n"""\r\n,""",0\n');
    const parser = { stop_on_invalid_record: true, allow_optional_columns: true };
    const sections: Sections = { parser, filters: [], formatter: { type: 'csv' } };
    const way: Way = { chunkBytes: 7, spoilsGuesses: true, kernelUse: 'never' };
    expect(await outcome(text, sections, way)).toEqual(await outcome(text, sections, whole));
  });

  it('goes on in one stream behind malformed text', async () => {
    const text = Buffer.from(`${'é,1\n'.repeat(200)}\xff,2\n${'é,3\n'.repeat(200)}`.replace('\xff', '\u0000'));
    text[text.indexOf(0)] = 0xff;
    const sections: Sections = { parser: {}, filters: [], formatter: { type: 'csv' } };
    const { files } = await outcome(text, sections, { ...whole, chunkBytes: 64 });
    const lines = Buffer.from(files['out000.00.x'] ?? '', 'latin1')
      .toString('utf8')
      .split('\r\n');
    expect(lines).toHaveLength(403);
    expect(lines[201]).toBe('\ufffd,2');
  });
});
