/** The commands of the control plane against a server and runners of their own processes. */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeFifo } from '#test/kit/fifo.ts';
import type { CommandOptions, CommandResult } from '#test/kit/ropeway-command.ts';
import { serverProcess } from '#test/kit/server-process.ts';
import type { ServerProcess } from '#test/kit/server-process.ts';
import { workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';

const canary = 'canary-4c1f';
let place: Workspace;
/** Waits are a tenth of what they are. */
const quick = { ROPEWAY_TIMER_DIVISOR: '10' };
let server: ServerProcess;
let pipe: number;

function config(input: string, output: string): string {
  return `in:
  type: file
  path_prefix: ${place.path(input)}
  parser: {type: csv, columns: [{name: a, type: long}, {name: b, type: string}]}
out:
  type: file
  path_prefix: ${place.path(`out/${output}{{ vars.tail }}`)}
  file_ext: csv
  formatter: {type: csv, header_line: false}
exec: {max_threads: 1, min_output_tasks: 1}
`;
}

const ask = (args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> =>
  place.ropeway(args, {
    ...options,
    env: { ROPEWAY_URL: server.url, ROPEWAY_TOKEN: '', ...options.env },
  });
const control = (args: readonly string[], options?: CommandOptions): Promise<CommandResult> =>
  ask([...args, '--data', place.path('data')], options);

/** What a command that must work prints as NDJSON. */
async function facts(args: readonly string[], options?: CommandOptions): Promise<Record<string, unknown>[]> {
  const result = await control([...args, '--json'], options);
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  return result.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

beforeAll(async () => {
  place = await workspace({ 'in/rows.csv': '1,Aiko\n2,Zoë\n' });
  await place.write('rows.yml', config('in/rows', 'r'));
  await place.write('endless.yml', config('pipes/', 'e'));
  await place.write('pipes/.keep', '');
  makeFifo(place.path('pipes/endless.csv'));
  // Held open: whoever reads it waits for more.
  pipe = openSync(place.path('pipes/endless.csv'), constants.O_RDWR);
  writeSync(pipe, '1,a\n');
  server = await serverProcess({ dataFolder: place.path('data'), env: quick });
  await facts(['transfers', 'create', 'rows.yml', '--name', 'rows']);
  await facts(['transfers', 'create', 'endless.yml']);
}, 120_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  closeSync(pipe);
  await place[Symbol.asyncDispose]();
}, 60_000);

it('ropeway transfers run --wait moves the rows and says what became of them', { timeout: 60_000 }, async () => {
  const run = await control(['transfers', 'run', 'rows', '--var', 'tail=x', '--wait', '-v']);
  expect(run, run.stderr).toMatchObject({ exitCode: 0 });
  expect(run.stderr).toMatch(/RUNNING[^]*info: Committed\. records=2[^]*SUCCEEDED +2 records/);
  expect(await place.outputs()).toEqual(['rx000.00.csv']);
  expect(await place.read('out/rx000.00.csv')).toBe('1,Aiko\r\n2,Zoë\r\n');
  const [last] = await facts(['runs', 'list', '--transfer', 'rows', '--state', 'succeeded', '--limit', '1']);
  const id = String(last?.['id']);
  expect(last).toMatchObject({ state: 'SUCCEEDED', counters: { recordsWritten: 2 } });
  // What has ended can be watched still.
  const watched = await control(['runs', 'watch', id, '--json']);
  expect(watched.exitCode).toBe(0);
  expect(watched.stdout).toMatch(/"event":"run"[^\n]*"state":"SUCCEEDED"/);
  expect((await control(['runs', 'logs', id])).stdout).toMatch(/info: Committed\. records=2/);
  expect((await control(['runs', 'show', id])).stdout).toMatch(/records +2 read, 2 written[^]*variables +tail=x/);
});

it('ropeway transfers variables declares them, shows what runs get, and run takes other values', async () => {
  const name = 'valued';
  await place.write('valued.yml', config('in/$name$', 'v').replace('{{ vars.tail }}', '$day$'));
  await place.write(
    'variables.yml',
    `variables:
- {kind: text, name: name, value: rows, side: in}
- {kind: time_at_queue, name: day, quantity: 1, unit: month, format: '%Y%m%d', side: out}
`,
  );
  await place.write('wrong.yml', 'variables: [{kind: text, name: 1x}]\n');
  await facts(['transfers', 'create', 'valued.yml']);
  expect((await control(['transfers', 'variables', name, '--declare', 'wrong.yml'])).stderr).toContain('DECLARATIONS');
  const at = '2026-03-31T10:00:00Z';
  const shown = await control(['transfers', 'variables', name, '--declare', 'variables.yml', '--at', at]);
  expect(shown.stdout).toMatch(/\$name\$ +in +text +rows\n\$day\$ +out +time_at_queue +20260228/);
  expect(shown.stdout).toContain(`out.path_prefix: ${place.path('out/v20260228')}`);
  const [wrong] = await facts(['transfers', 'variables', name, '--value', 'name=..']);
  expect(wrong).toMatchObject({ run: { problems: [expect.stringContaining('$name$') as string] } });
  const run = await control(['transfers', 'run', name, '--at', at, '--value', 'day=x', '--wait']);
  expect(run, run.stderr).toMatchObject({ exitCode: 0 });
  expect((await place.outputs()).filter((file) => file.startsWith('vx'))).toHaveLength(1);
  const refused = await control(['transfers', 'run', name, '--value', 'other=x']);
  expect(refused.stderr).toMatch(/declares no variable \$other\$/);
}, 60_000);

it('ropeway transfers run --wait ends with 1 and the error of the run', { timeout: 60_000 }, async () => {
  await place.write('bad.yml', config('in/none-of-these', 'b').replace('type: file\n  path', 'type: fiel\n  path'));
  await facts(['transfers', 'create', 'bad.yml']);
  const run = await control(['transfers', 'run', 'bad', '--var', 'tail=', '--wait']);
  expect(run.exitCode).toBe(1);
  expect(run.stderr).toMatch(/FAILED[^]*error\[PLUGIN_UNKNOWN\][^]*fiel[^]*help:/);
});

it('ropeway labels and transfers copy', { timeout: 60_000 }, async () => {
  await facts(['labels', 'create', 'nightly', '--colour', '#102030']);
  await facts(['transfers', 'copy', 'rows', 'rows again']);
  await facts(['transfers', 'update', 'rows again', '--label', 'nightly']);
  expect(await facts(['transfers', 'list', '--label', 'nightly'])).toMatchObject([{ name: 'rows again' }]);
  expect(await facts(['transfers', 'list', '--q', '/^rows a/'])).toMatchObject([{ name: 'rows again' }]);
  expect((await control(['labels', 'list'])).stdout).toMatch(/nightly +#102030 +1/);
  await facts(['labels', 'delete', 'nightly']);
  await facts(['transfers', 'delete', 'rows again']);
});

it('ropeway transfers shows a configuration that can be given back', { timeout: 60_000 }, async () => {
  const shown = await control(['transfers', 'show', 'rows']);
  await place.write('again.yml', shown.stdout);
  expect(await facts(['transfers', 'update', 'rows', 'again.yml'])).toMatchObject([{ revision: 1 }]);
  await place.write('again.yml', shown.stdout.replace('max_threads: 1', 'max_threads: 2'));
  expect(await facts(['transfers', 'update', 'rows', 'again.yml', '--memo', 'faster'])).toMatchObject([
    { revision: 2 },
  ]);
  expect((await control(['transfers', 'revisions', 'rows'])).stdout).toMatch(/2\*.*faster\n.*1 /);
  expect(await facts(['transfers', 'restore', 'rows', '1'])).toMatchObject([{ revision: 3 }]);
  expect((await control(['transfers', 'show', 'rows'])).stdout).toBe(shown.stdout);
  const noted = `# by hand\n${shown.stdout.replace('max_threads: 1', 'max_threads: 0x2')}`;
  await place.write('again.yml', noted);
  expect(await facts(['transfers', 'update', 'rows', 'again.yml'])).toMatchObject([{ revision: 4 }]);
  expect((await control(['transfers', 'show', 'rows', '--yaml'])).stdout).toBe(noted);
  const diff = (await control(['transfers', 'diff', 'rows', '1', '4'])).stdout;
  expect(diff).toMatch(/^--- revision 1\n[+]{3} revision 4\n@@ [^]*\n-  max_threads: 1\n[+]  max_threads: 2\n/);
  expect(await facts(['transfers', 'restore', 'rows', '1'])).toMatchObject([{ revision: 5 }]);
  await place.write('again.yml', shown.stdout.replace(/type: file/, 'typ: file'));
  const refused = await control(['transfers', 'update', 'rows', 'again.yml']);
  expect(refused).toMatchObject({ exitCode: 2 });
  expect(refused.stderr).toMatch(/error\[REQUEST_INVALID\]: in\.type: [^]*again\.yml:1:1\n +\|\n 1 \| in:/);
});

it('ropeway transfers guess and preview look with the runners of the server', { timeout: 60_000 }, async () => {
  const preview = await control(['transfers', 'preview', 'rows', '--var', 'tail=']);
  expect(preview.stdout).toMatch(/\| a:long \| b:string \|\n[^]*\| +2 \| +Zoë \|/);
  expect(await facts(['transfers', 'preview', 'rows.yml', '--var', 'tail=', '--rows', '1'])).toEqual([
    { a: 1, b: 'Aiko' },
  ]);
  await place.write('seed.yml', `in: {type: file, path_prefix: ${place.path('in/rows')}}\nout: {type: 'null'}\n`);
  const guessed = await control(['transfers', 'guess', 'seed.yml']);
  expect(guessed.stderr).toMatch(/✓ Columns are separated by commas\./);
  expect(guessed.stdout).toMatch(/type: csv[^]*type: long/);
});

it(
  'ropeway runs watch leaves the run alone, survives the server, and sees a cancel',
  { timeout: 120_000 },
  async () => {
    const id = (await control(['transfers', 'run', 'ENDLESS', '--var', 'tail='])).stdout.trim();
    const left = await control(['runs', 'watch', id, '--json'], {
      printed: (text, pid) => void (text.includes('"state":"RUNNING"') && process.kill(pid, 'SIGINT')),
    });
    expect(left).toMatchObject({ exitCode: 130, stderr: expect.stringMatching(/"event":"left"/) as string });
    expect(await facts(['runs', 'show', id])).toMatchObject([{ state: 'RUNNING' }]);

    let restarted: Promise<void> | undefined;
    const { url, port } = server;
    const watched = control(['runs', 'watch', id, '--json'], {
      printed: () => {
        restarted ??= server.end('SIGKILL').then(async () => {
          server = await serverProcess({ dataFolder: place.path('data'), port, env: quick });
          expect((await control(['runs', 'cancel', id])).stderr).toMatch(/is told to stop|is canceled/);
        });
      },
    });
    const seen = await watched;
    await restarted;
    expect(server.url).toBe(url);
    expect(seen, seen.stderr).toMatchObject({ exitCode: 1 });
    expect(seen.stdout).toMatch(/"state":"CANCELED"[^\n]*\n\{"event":"end"\}\n$/);
    expect((await control(['runs', 'cancel', id])).stderr).toMatch(/had ended before/);
  },
);

it('ropeway connections takes secrets on the standard input and never shows them', { timeout: 60_000 }, async () => {
  const listener = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => void listener.listen(0, '127.0.0.1', resolve));
  // Of a listener on TCP.
  const { port } = listener.address() as AddressInfo;
  listener.close();
  const options = ['-o', 'host=127.0.0.1', '-o', `port=${port}`, '-o', 'user=me', '-o', 'database=shop'];
  const create = ['connections', 'create', 'Shop', '--type', 'postgresql', ...options];
  const inArgument = await control([...create, '-o', `password=${canary}`]);
  expect(inArgument).toMatchObject({ exitCode: 2 });
  expect(inArgument.stderr).toMatch(/SECRET_IN_ARGUMENT/);
  const made = await control([...create, '--secret', 'password'], { stdin: `${canary}\n` });
  expect(made, made.stderr).toMatchObject({ exitCode: 0 });
  expect(made.stdout).toMatch(/secrets +password\n/);
  const updated = await facts(['connections', 'update', 'shop', '-o', 'database=shop2', '--name', 'Shop 2']);
  expect(updated).toMatchObject([{ name: 'Shop 2', secretsSet: ['password'], options: { port, database: 'shop2' } }]);
  const tested = await control(['connections', 'test', 'Shop 2']);
  expect(tested).toMatchObject({ exitCode: 1 });
  expect(tested.stderr).toMatch(/✗ connect[^]*code: NETWORK_REFUSED/);
  const browsed = await control(['connections', 'browse', 'Shop 2']);
  expect(browsed).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/PG_CONNECTION_REFUSED/) as string });
  const shown = await control(['connections', 'show', 'Shop 2']);
  const listed = await control(['connections', 'list', '--json']);
  expect(listed.stdout).toMatch(/"name":"Shop 2"/);
  for (const { stdout, stderr } of [inArgument, made, tested, browsed, shown, listed]) {
    expect(stdout + stderr).not.toContain(canary);
  }
  expect(await facts(['connections', 'delete', 'Shop 2'])).toMatchObject([{ deleted: true }]);
});

it('ropeway tokens and limits are kept by the server', { timeout: 60_000 }, async () => {
  const made = await control(['tokens', 'create', 'ci', '--expires', '1d']);
  const token = made.stdout.trim();
  expect(token).toMatch(/^rwt_/);
  const asCi = { env: { ROPEWAY_TOKEN: token } };
  expect(await ask(['limits', 'set', 'definition', 'rows', '--seats', '3'], asCi)).toMatchObject({ exitCode: 0 });
  expect(await facts(['limits', 'list', '--kind', 'definition'])).toMatchObject([{ seats: 3, label: 'transfer rows' }]);
  await facts(['tokens', 'revoke', 'ci']);
  const refused = await ask(['limits', 'list'], asCi);
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/TOKEN_REFUSED[^]*help:/) as string });
  await facts(['tokens', 'create', 'twice']);
  await facts(['tokens', 'create', 'twice']);
  expect((await control(['tokens', 'revoke', 'twice'])).stderr).toMatch(/NAME_AMBIGUOUS/);
});

it.each([
  [['transfers', 'show', 'nothing'], /NAME_UNKNOWN[^]*ropeway transfers list/],
  [['runs', 'show', '01jd00000000000000000000ab'], /RESOURCE_UNKNOWN/],
  [['runs', 'list', '--since', 'lately'], /TIME_INVALID/],
  [['runs', 'list', '--limit', '0'], /NUMBER_INVALID/],
  [['transfers', 'run', 'rows', '--var', 'tail'], /PAIR_INVALID/],
  [['transfers', 'update', 'rows'], /NOTHING_TO_CHANGE/],
  [['tokens', 'list', '--url', 'https://me:pass@example.com'], /SERVER_ADDRESS/],
  [['tokens', 'list', '--token-file', 'none'], /TOKEN_FILE/],
])('ropeway refuses %j with exit code 2', async (args, words) => {
  const result = await control(args);
  expect(result).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(words) as string });
});

it('ropeway teams, grants and audit say who may do what, and who did', { timeout: 60_000 }, async () => {
  expect((await control(['teams', 'create', 'Sales team'])).stdout).toMatch(/^\w{26}\n$/);
  await facts(['teams', 'list']);
  expect((await control(['members', 'list'])).stderr).toMatch(/There is none/);
  expect((await control(['members', 'set', 'nobody', 'viewer'])).stderr).toMatch(/NAME_UNKNOWN/);
  expect((await control(['grants', 'set', 'none', 'viewer', '--team', 'Sales team'])).stderr).toMatch(/NAME_UNKNOWN/);
  const [viewer] = await facts(['tokens', 'create', 'looks on', '--role', 'viewer']);
  const env = { ROPEWAY_TOKEN: String(viewer?.['token']) };
  const refused = await ask(['teams', 'create', 'Another'], { env });
  expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringMatching(/ROLE_MISSING[^]*role administrator/)]);
  const events = await facts(['audit', 'list', '--action', 'teams.']);
  expect(events.map(({ outcome, resourceName }) => [outcome, resourceName])).toEqual([
    ['refused', null],
    ['succeeded', 'Sales team'],
  ]);
  const csv = await control(['audit', 'export', '--action', 'teams.create']);
  expect(csv.stdout.split('\r\n')).toHaveLength(4);
});

it('ropeway shows the token of this machine to no other', async () => {
  await place.write('ropeway-data/token', await place.read('data/token'));
  expect(await ask(['tokens', 'list'])).toMatchObject({ exitCode: 0 });
  const elsewhere = await ask(['tokens', 'list', '--url', 'http://ropeway.invalid']);
  expect(elsewhere).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/TOKEN_UNNAMED/) as string });
});
