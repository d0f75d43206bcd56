/** A new installation as its first user meets it: the link, the token of the command line, the transfer to try. */
import { gunzipSync } from 'node:zlib';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browser } from '#test/kit/browser.ts';
import { serverProcess } from '#test/kit/server-process.ts';
import type { ServerProcess } from '#test/kit/server-process.ts';
import type { CommandResult } from '#test/kit/ropeway-command.ts';
import { workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';

let place: Workspace;
let server: ServerProcess;
const quick = { ROPEWAY_TIMER_DIVISOR: '10' };
const start = (): Promise<ServerProcess> => serverProcess({ dataFolder: place.path('data'), env: quick });
const command = (...args: string[]): Promise<CommandResult> =>
  place.ropeway([...args, '--data', place.path('data')], { env: { ROPEWAY_URL: server.url, ROPEWAY_TOKEN: '' } });

beforeAll(async () => {
  place = await workspace();
  server = await start();
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
}, 60_000);

it('ropeway server prints the link of the owner once, and what to try', { timeout: 60_000 }, async () => {
  await expect.poll(() => server.printed(), { timeout: 10_000 }).toMatch(/ropeway transfers run sample/);
  const link = new RegExp(`${server.url}/link#rwl_[\\w-]{43}`);
  expect(server.printed()).toMatch(link);
  // What a browser gets to see there.
  for (const path of ['/', '/link']) {
    const response = await fetch(server.url + path);
    expect([path, response.status, response.headers.get('content-type')]).toEqual([
      path,
      200,
      'text/html; charset=utf-8',
    ]);
    expect(await response.text()).toContain('<title>Ropeway</title>');
  }
  await server.end('SIGTERM');
  server = await start();
  expect(server.printed()).not.toMatch(/rwl_/);
});

it('ropeway transfers run sample succeeds on a new installation', { timeout: 60_000 }, async () => {
  const run = await command('transfers', 'run', 'sample', '--wait');
  expect(run, run.stderr).toMatchObject({ exitCode: 0 });
  const made = gunzipSync(await readFile(place.path('data/sample/out/orders_000.00.jsonl.gz'))).toString('utf8');
  const lines = made.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^\{"order_id":100001,"customer":"Aiko Tanaka","item":"rope","quantity":6,/);
  expect(run.stderr).toContain(`${lines.length.toLocaleString('en-US')} records`);
});

it('ropeway users setup-link prints a link, until there is an owner', { timeout: 60_000 }, async () => {
  const made = await command('users', 'setup-link');
  expect(made, made.stderr).toMatchObject({ exitCode: 0 });
  const link = /^http:\S+\/link#(rwl_[\w-]{43})\n$/.exec(made.stdout)?.[1] ?? '';
  const request = (path: string, init?: RequestInit): Promise<Response> => fetch(path, init);
  const who = browser({ request }, { url: server.url });
  const owner = { name: 'Olga Owner', email: 'olga@good.example', password: 'a heron over the lake' };
  expect(await who.client.call('links.use', { body: { ...owner, link } })).toEqual({ next: 'nothing' });
  expect((await who.client.call('transfers.list')).items).toMatchObject([{ name: 'sample' }]);
  const again = await command('users', 'setup-link');
  expect([again.exitCode, again.stderr]).toEqual([2, expect.stringContaining('has been set up already')]);
  const reset = await command('users', 'reset-link', 'Olga@good.example');
  expect(reset.stdout).toMatch(/^http:\S+\/link#rwl_/);
  const nobody = await command('users', 'reset-link', 'nobody@good.example');
  expect([nobody.exitCode, nobody.stderr]).toEqual([2, expect.stringContaining('nobody@good.example')]);
});
