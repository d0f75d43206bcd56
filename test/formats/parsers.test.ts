/** Formats through the whole command, as a user would read them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { workspace } from '#test/kit/workspace.ts';

const job = (parser: string, out = '{type: stdout}'): string => `in:
  type: file
  path_prefix: in/
  parser:
${parser
  .trim()
  .split('\n')
  .map((line) => `    ${line}\n`)
  .join('')}out: ${out}
exec: {max_threads: 1, min_output_tasks: 1}
`;

const workbook = readFileSync(join(import.meta.dirname, 'excel', 'xlsxwriter.xlsx'));

describe('ropeway run', () => {
  it.each<[string, string | Uint8Array, string, string, RegExp]>([
    [
      'ltsv',
      'id:1\tname:a\nid:x\tname:b\nname:c\n',
      'type: ltsv\ncolumns: [{name: id, type: long}, {name: name, type: string}]',
      '1,a\n,c\n',
      /in\/file line=2 column=1/,
    ],
    [
      'fixed_width',
      Buffer.from('2031834a83650a20322062', 'hex'),
      'type: fixed_width\nunit: bytes\ncharset: MS932\nallow_optional_columns: true\ncolumns: [{name: id, type: long, width: 2}, {name: name, type: string, width: 4}]',
      '1,カテ\n2,b\n',
      /Committed/,
    ],
    [
      'jsonpath',
      '{"a": {"b": [{"id": 1, "n": {"x": "y"}},\n {"id": "z"}]}}',
      'type: jsonpath\nroot: $.a.b\ncolumns: [{name: id, type: long}, {name: x, type: string, path: n.x}]',
      '1,y\n',
      /in\/file line=2.* record=2/,
    ],
    [
      'xml',
      '<r>\n<x id="1"><y>&lt;</y></x><x id="2"><y/><y/></x></r>',
      'type: xml\nroot: r/x\ncolumns: [{name: id, type: long, path: "@id"}, {name: y, type: string}]',
      '1,<\n',
      /in\/file line=2.* record=2/,
    ],
    [
      'excel',
      workbook,
      'type: excel\ncolumns: [{name: a, type: long}, {name: b, type: string}]',
      '1,same\n2,xy\n,plain  bold end\n',
      /in\/file#Sheet1"? line=1 .*column=1/,
    ],
  ])('reads %s, and tells where bad records are', async (_title, content, parser, expected, told) => {
    await using place = await workspace({ 'config.yml': job(parser), 'in/file': content });
    const run = await place.ropeway(['run', 'config.yml']);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stdout).toBe(expected);
    expect(run.stderr).toMatch(told);
  });

  it('guesses labelled values, and reads them', async () => {
    await using place = await workspace({
      'seed.yml': 'in: {type: file, path_prefix: in/}\nout: {type: stdout}\n',
      'in/file': 'host:a\tstatus:200\thost2:言\r\nhost:b\tstatus:404\thost2:b\r\n',
    });
    const guess = await place.ropeway(['guess', 'seed.yml', '-o', 'config.yml']);
    expect(guess.exitCode, guess.stderr).toBe(0);
    expect(await place.read('config.yml')).toMatch(/type: ltsv/);
    const run = await place.ropeway(['run', 'config.yml']);
    expect([run.exitCode, run.stdout], run.stderr).toEqual([0, 'a,200,言\nb,404,b\n']);
  });

  it('writes one JSON array, whatever the number of records', async () => {
    const csv = 'type: csv\ncolumns: [{name: a, type: long}]';
    const out = '{type: file, path_prefix: out/r, file_ext: json, formatter: {type: json}}';
    await using place = await workspace({ 'config.yml': job(csv, out), 'in/file': '1\n2\n' });
    const run = await place.ropeway(['run', 'config.yml']);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(await place.read('out/r000.00.json')).toBe('[\n{"a":1},\n{"a":2}\n]\n');
    await place.write('in/file', '');
    const empty = await place.ropeway(['run', 'config.yml']);
    expect([empty.exitCode, await place.read('out/r000.00.json')], empty.stderr).toEqual([0, '[]\n']);
  });

  it('shows a fault in XML at its place', async () => {
    const parser = 'type: xml\nroot: r/x\ncolumns: [{name: a, type: string}]';
    await using place = await workspace({ 'config.yml': job(parser), 'in/file': '<r>\n<x></y></r>' });
    const run = await place.ropeway(['run', 'config.yml']);
    expect([run.exitCode, run.stdout]).toEqual([1, '']);
    expect(run.stderr).toMatch(/XML_SYNTAX[^\n]*\n[^\n]*in\/file:2:\d+/);
  });
});
