/** A file that several threads share: the same bytes, words and counts as with one thread. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';

/** Large enough to be shared. */
const RECORDS = 300_000;
const BAD_RECORD = 200_001;

function config(parts: { parser?: string; out?: string; outputs?: number; threads: number; top?: string }): string {
  return `in:
  type: file
  path_prefix: in/
  parser:
    type: csv
    columns: [{name: a, type: long}, {name: b, type: string}, {name: c, type: double}]
${parts.parser ?? ''}${parts.top ?? ''}out:
  type: file
  path_prefix: out/r_
  file_ext: x
  formatter: {type: jsonl}
${parts.out ?? ''}exec: {max_threads: ${parts.threads}, min_output_tasks: ${parts.outputs ?? 1}}
`;
}

function records(isGood: boolean): string {
  let text = '';
  for (let row = 1; row <= RECORDS; row++) {
    const word = row % 7 === 0 ? `"x, ""${row}""\ny"` : `wörd-${row * 7919}`;
    text += `${!isGood && row === BAD_RECORD ? 'bad' : row},${word},${row / 8}\n`;
  }
  return text;
}

let place: Workspace;
beforeAll(async () => {
  place = await workspace({ 'in/a.csv': records(true) });
});
afterAll(() => place[Symbol.asyncDispose]());

async function digests(): Promise<Record<string, string>> {
  const names = await place.outputs();
  const entries = names.map(async (name) => {
    const bytes = await readFile(place.path(`out/${name}`));
    return [name, createHash('sha256').update(bytes).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function run(text: string, more: readonly string[] = []): Promise<{ exitCode: number | null; stderr: string }> {
  await place.write('config.yml', text);
  return place.ropeway(['run', 'config.yml', ...more]);
}

describe('several threads at one file', () => {
  it.each([
    ['lines', ''],
    ['gzip', '  encoders: [{type: gzip}]\n'],
    ['gzip by zlib', '  encoders: [{type: gzip, level: 6}]\n'],
    ['zstd', '  encoders: [{type: zstd}]\n'],
  ])(
    'write the same bytes as one: %s',
    async (_title, out) => {
      const one = await run(config({ threads: 1, outputs: 2, out }));
      expect(one.exitCode, one.stderr).toBe(0);
      const expected = await digests();
      for (const [threads, more] of [
        [2, []],
        [3, ['-X', 'spoil_guesses=true']],
      ] as const) {
        const several = await run(config({ threads, outputs: 2, out }), more);
        expect(several.exitCode, several.stderr).toBe(0);
        expect(several.stderr).toContain('records=300,000');
        expect(await digests()).toEqual(expected);
      }
    },
    60_000,
  );

  it('keep the order of the file, whatever the chunks', async () => {
    const done = await run(config({ threads: 3, out: '  encoders: [{type: gzip}]\n' }), [
      ...['-X', 'chunk_bytes=50000'],
      ...['-X', 'spoil_guesses=true'],
    ]);
    expect(done.exitCode, done.stderr).toBe(0);
    const lines = gunzipSync(await readFile(place.path('out/r_000.00.x')))
      .toString('utf8')
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(RECORDS);
    const isInOrder = lines.every((line, index) => line.startsWith(`{"a":${index + 1},"b":`));
    expect(isInOrder).toBe(true);
  });

  it('tell the line of a bad record, and keep nothing of a run that stops there', async () => {
    await using other = await workspace({ 'in/a.csv': records(false) });
    await other.write('config.yml', config({ threads: 2 }));
    const skipped = await other.ropeway(['run', 'config.yml']);
    expect(skipped.exitCode, skipped.stderr).toBe(0);
    const line = BAD_RECORD + Math.floor((BAD_RECORD - 1) / 7);
    expect(skipped.stderr).toContain(`line=${line}`);
    await other.write('config.yml', config({ threads: 2, parser: '    stop_on_invalid_record: true\n' }));
    await other.write('out/r_000.00.x', 'old');
    const stopped = await other.ropeway(['run', 'config.yml']);
    expect(stopped.exitCode).toBe(1);
    expect(stopped.stderr).toContain(`a.csv:${line}`);
    expect(await other.outputs()).toEqual(['r_000.00.x']);
    expect(await other.read('out/r_000.00.x')).toBe('old');
  });

  it('stop at the limit of skipped records', async () => {
    const done = await run(
      config({ threads: 2 })
        .replace('type: string', 'type: long')
        .replace('exec: {', 'exec: {skipped_records_max: 10, '),
    );
    expect(done.exitCode).toBe(1);
    expect(done.stderr).toContain('SKIPPED_RECORDS_LIMIT');
  });

  it('end soon when they are told to stop, and leave nothing', async () => {
    await using other = await workspace({ 'in/a.csv': records(true).repeat(8) });
    await other.write('config.yml', config({ threads: 2, out: '  encoders: [{type: gzip, level: 9}]\n' }));
    const done = await other.ropeway(['run', 'config.yml'], {
      started: (pid) => setTimeout(() => process.kill(pid, 'SIGINT'), 1000),
    });
    expect(done.exitCode, done.stderr).toBe(130);
    expect(await other.outputs()).toEqual([]);
  });
});
