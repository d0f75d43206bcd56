/** Input files that are not what the config says: a clear error each, nothing lost, nothing half-written. */
import { mkdir, stat, symlink } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { csvJob, workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';

const header = 'a,b\r\n';

/** Ways to read: as always, and in tiny chunks with wrong guesses. */
const ways = [
  ['as always', []],
  ['in chunks of 7 bytes', ['-X', 'chunk_bytes=7', '-X', 'spoil_guesses=true', '-X', 'kernels=true']],
  ['in chunks of 64 bytes, without kernels', ['-X', 'chunk_bytes=64', '-X', 'kernels=false']],
] as const;

describe.each(ways)('ropeway run %s', (_way, properties) => {
  const command = ['run', 'config.yml', ...properties];

  async function expectFailure(place: Workspace, pattern: RegExp): Promise<string> {
    const run = await place.ropeway(command);
    expect(run.exitCode, run.stderr).toBeGreaterThan(0);
    expect(run.exitCode, run.stderr).toBeLessThan(3);
    expect(run.stderr).toMatch(pattern);
    expect(run.stderr).not.toMatch(/\n\s+at .*\(.*:\d+:\d+\)/);
    expect(await place.outputs()).toEqual([]);
    return run.stderr;
  }

  it('fails for a folder that is not there, and names it', async () => {
    await using place = await workspace({ 'config.yml': csvJob().replace('in/', 'nowhere/deep/x') });
    await expectFailure(place, /nowhere/);
  });

  it('fails for a file that cannot be read, and names it', async () => {
    await using place = await workspace({ 'config.yml': csvJob() });
    await mkdir(place.path('in'));
    // Opens like any file, and fails to be read for everybody, root included.
    await symlink('/proc/self/mem', place.path('in/a.csv'));
    await expectFailure(place, /in\/a\.csv cannot be read/);
  });

  it('takes an empty folder for nothing to do', async () => {
    await using place = await workspace({ 'config.yml': csvJob() });
    await mkdir(place.path('in'));
    const run = await place.ropeway(command);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(await place.outputs()).toEqual([]);
  });

  it.each([
    ['an empty file', ''],
    ['a header and nothing else', 'a,b\n'],
  ])('makes a header of %s', async (_title, content) => {
    await using place = await workspace({
      'config.yml': csvJob({ parser: '    skip_header_lines: 1\n' }),
      'in/a.csv': content,
    });
    const run = await place.ropeway(command);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(await place.read('out/r_000.00.csv')).toBe(header);
  });

  it('skips binary garbage record by record, and says so', async () => {
    const garbage = Uint8Array.from({ length: 20_000 }, (_, index) => (index * 7919 + (index >> 3)) & 0xff);
    await using place = await workspace({ 'config.yml': csvJob(), 'in/a.csv': garbage });
    const run = await place.ropeway(command);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stderr).toMatch(/Records were skipped/);
  });

  it('fails for a gzip file cut short, and says where', async () => {
    const gzip = gzipSync('1,x\n'.repeat(10_000));
    await using place = await workspace({
      'config.yml': csvJob({ in: '  decoders: [{type: gzip}]\n' }),
      'in/a.csv.gz': gzip.subarray(0, gzip.length - 20),
    });
    const words = await expectFailure(place, /gzip/i);
    expect(words).toContain('a.csv.gz');
  });

  it('fails for a file that is not gzip', async () => {
    await using place = await workspace({
      'config.yml': csvJob({ in: '  decoders: [{type: gzip}]\n' }),
      'in/a.csv': '1,x\n',
    });
    await expectFailure(place, /gzip/i);
  });

  it('replaces what the charset does not know, as Java does', async () => {
    await using place = await workspace({ 'config.yml': csvJob(), 'in/a.csv': Buffer.from('1,caf\xe9\n', 'latin1') });
    const run = await place.ropeway(command);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(await place.read('out/r_000.00.csv')).toBe(`${header}1,caf\ufffd\r\n`);
  });

  it('reads 100,000 columns', async () => {
    const names = Array.from({ length: 100_000 }, (_, index) => `{name: c${index}, type: long}`);
    const config = csvJob().replace(/columns: .*/, `columns: [${names.join(', ')}]`);
    const row = `${Array.from({ length: 100_000 }, (_, index) => index).join(',')}\n`;
    await using place = await workspace({ 'config.yml': config, 'in/a.csv': row.repeat(3) });
    const run = await place.ropeway(command);
    expect(run.exitCode, run.stderr.slice(0, 2000)).toBe(0);
    const lines = (await place.read('out/r_000.00.csv')).split('\r\n');
    expect(lines).toHaveLength(5);
    expect(`${lines[3]}\n`).toBe(row);
  });

  it('keeps columns of the same name apart, as Embulk does', async () => {
    await using place = await workspace({
      'config.yml': csvJob().replace('name: b', 'name: a'),
      'in/a.csv': '1,x\n',
    });
    const run = await place.ropeway(command);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(await place.read('out/r_000.00.csv')).toBe('a,a\r\n1,x\r\n');
  });

  it('leaves an output alone whose replacement fails', async () => {
    await using place = await workspace({
      'config.yml': csvJob({ parser: '    stop_on_invalid_record: true\n' }),
      'in/a.csv': '1,x\nbad,y\n',
      'out/r_000.00.csv': 'old',
    });
    const run = await place.ropeway(command);
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('a.csv:2');
    expect(await place.read('out/r_000.00.csv')).toBe('old');
    expect(await place.outputs()).toEqual(['r_000.00.csv']);
  });

  it('fails when the folder of the output is not there', async () => {
    await using place = await workspace({
      'config.yml': csvJob().replace('out/r_', 'elsewhere/r_'),
      'in/a.csv': '1,x\n',
    });
    const words = await expectFailure(place, /elsewhere/);
    expect(words).toContain('help: ');
    await expect(stat(place.path('elsewhere'))).rejects.toThrow('ENOENT');
  });
});
