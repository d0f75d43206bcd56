/** Archives through the whole command: every file in them is parsed by itself. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { csvJob, workspace } from '#test/kit/workspace.ts';
import { zipFile } from '#test/kit/zip-files.ts';

const parser = '    skip_header_lines: 1\n';
const job = (decoders: string): string => csvJob({ in: `  decoders: ${decoders}\n`, parser });

const archive = zipFile([
  { name: 'one.csv', content: 'a,b\n1,x\n' },
  { name: 'notes.txt', content: 'nothing to see' },
  { name: 'two.csv', content: 'a,b\nbad,record\n2,y\n' },
  { name: 'three.csv.gz', content: gzipSync('a,b\n3,z\n') },
]);

describe('ropeway run with archives', () => {
  it('parses every file with its own header, and names it in messages', async () => {
    await using place = await workspace({
      'config.yml': job('[{type: zip, match_name: "csv$"}]'),
      'in/all.zip': archive,
    });
    const run = await place.ropeway(['run', 'config.yml']);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(await place.read('out/r_000.00.csv')).toBe('a,b\r\n1,x\r\n2,y\r\n');
    expect(run.stderr).toMatch(/all\.zip#two\.csv/);
  });

  it('decodes the files further', async () => {
    await using place = await workspace({
      'config.yml': job('[{type: zip, match_name: "gz$"}, {type: gzip}]'),
      'in/all.zip': archive,
    });
    const run = await place.ropeway(['preview', 'config.yml']);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/3 \|\s+z/);
  });

  it('guesses decoder and columns', async () => {
    const content = Array.from({ length: 2000 }, (_, index) => `${index},name ${index}\n`).join('');
    await using place = await workspace({
      'seed.yml': 'in: {type: file, path_prefix: in/}\nout: {type: stdout}\n',
      'in/all.zip': zipFile([{ name: 'a.csv', content: `id,name\n${content}` }]),
    });
    const guess = await place.ropeway(['guess', 'seed.yml']);
    expect(guess.exitCode, guess.stderr).toBe(0);
    expect(guess.stdout).toMatch(/decoders:\s+- \{?\s*type: zip/);
    expect(guess.stdout).toMatch(/name: id, type: long/);
  });

  it('leaves nothing behind when an archive is damaged', async () => {
    await using place = await workspace({
      'config.yml': job('[{type: zip}]'),
      'in/all.zip': zipFile([
        { name: 'one.csv', content: 'a,b\n1,x\n' },
        { name: 'two.csv', content: 'a,b\n2,y\n', crc: 7 },
      ]),
    });
    const run = await place.ropeway(['run', 'config.yml']);
    expect([run.exitCode, await place.outputs()]).toEqual([1, []]);
    expect(run.stderr).toMatch(/ARCHIVE_DAMAGED.*\n.*all\.zip#two\.csv/);
  });
});
