/** Every system of the catalogue through the same hazards: what may not go wrong whatever the connector. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assert } from '#spi/assert.ts';
import type { Column } from '#spi/schema.ts';
import { breakingProxy } from '#test/kit/breaking-proxy.ts';
import type { BreakingProxy } from '#test/kit/breaking-proxy.ts';
import { makeFifo } from '#test/kit/fifo.ts';
import type { CommandResult } from '#test/kit/ropeway-command.ts';
import { workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';
import { peers } from './all-peers.ts';
import { configInput, csvInput, recordsAt, run, succeed } from './jobs.ts';
import type { Ability, Peer, Section } from './peer.ts';

const MANY_ROWS = 1_000_000;
/** Some megabytes, so that a fault comes in the middle of them. */
const LARGE_ROWS = 200_000;
const largeDigest = [(LARGE_ROWS * (LARGE_ROWS - 1)) / 2, LARGE_ROWS];
/** Generous: a machine may be busy. */
const HAZARD_MS_MAX = 120_000;
/** A job that is told to stop has ended after this time, with the time that a busy machine takes to start it. */
const STOP_MS_MAX = 60_000;

const columns: readonly Column[] = [
  { name: 'id', type: 'long' },
  { name: 'name', type: 'string' },
];
const old = [
  { id: '1', name: 'old' },
  { id: '2', name: null },
];
const oldRows = [
  [1, 'old'],
  [2, null],
];

function csvRows(count: number): string {
  return Array.from({ length: count }, (_, row) => `${row},name ${row * 7919}\n`).join('');
}

/** Failed as a person should see it: with a code and a word on what to do, without a stack or a class. */
function expectExplained(result: CommandResult): void {
  expect(result.exitCode, result.stderr).toBeGreaterThan(0);
  expect(result.exitCode, result.stderr).toBeLessThan(3);
  expect(result.stderr).toMatch(/^error\[[A-Z0-9_]+\]: \S/m);
  expect(result.stderr).toMatch(/^ {3}= help: \S/m);
  expect(result.stderr).not.toMatch(/^\s+at .+:\d+:\d+\)?$|node_modules|\[object/m);
}

/** A job whose input is a pipe of the test's: it has read so many rows, and waits for more. */
async function heldJob(place: Workspace, output: Section, rowCount: number): Promise<HeldJob> {
  const path = place.path('pipe.csv');
  makeFifo(path);
  let pid = 0;
  const result = run(csvInput(path, columns), output, { started: (started) => (pid = started) });
  // Whoever opens a pipe waits for the other side, and what is written is more than it buffers.
  const pipe = await open(path, 'w');
  await pipe.writeFile(csvRows(rowCount));
  return { result, pipe, stop: () => void process.kill(pid, 'SIGTERM') };
}

interface HeldJob {
  readonly result: Promise<CommandResult>;
  /** Its end is the end of the input. */
  readonly pipe: FileHandle;
  stop(): void;
}

const here = peers.filter(({ missing }) => missing === '');

describe.each(here)('$name', ({ start, can }) => {
  let peer: Peer;

  /** Declares a test that makes sense with this peer. */
  function hazard(title: string, needs: readonly Ability[], test: () => Promise<void>): void {
    if (!needs.every((ability) => can.includes(ability))) return;
    // oxlint-disable-next-line vitest/valid-title -- It is a text of the caller's.
    it(title, { timeout: HAZARD_MS_MAX }, test);
  }

  beforeAll(async () => {
    peer = await start();
  });
  afterAll(() => peer[Symbol.asyncDispose]());

  /** Puts the old rows there. */
  async function prepare(place: string): Promise<void> {
    if (peer.out !== undefined) await succeed(configInput(columns, oldRows), peer.out(place));
    else await peer.seed?.(place, 'id,name\n1,old\n2,\n');
  }

  async function prepareLarge(place: string): Promise<void> {
    if (peer.out === undefined) return peer.seed?.(place, `id,name\n${csvRows(LARGE_ROWS)}`);
    await using folder = await workspace({ 'in/large.csv': csvRows(LARGE_ROWS) });
    await succeed(csvInput(folder.path('in/'), columns), peer.out(place));
  }

  /** What the abilities of the peer promise. */
  function member<K extends keyof Peer>(name: K): NonNullable<Peer[K]> {
    const found = peer[name];
    assert(found !== undefined, 'the test is of a peer that has it');
    return found;
  }

  /** A way to the server that has a fault in the middle of the large place. */
  async function faultyWay(fault: 'cut' | 'hold'): Promise<BreakingProxy & { to(section: Section): Section }> {
    const proxy = await breakingProxy(member('port'), { after: { bytes: 500_000, fault } });
    return { ...proxy, to: (section) => member('through')(section, proxy.port) };
  }

  async function expectOld(place: string): Promise<void> {
    expect(await recordsAt(peer, place, columns)).toEqual(old);
    expect(await peer.leftovers()).toEqual([]);
  }

  const outAt = (place: string): Section => member('out')(place);
  const inAt = (place: string): Section => member('in')(place, columns);

  hazard('reads what is there, one row or none', ['in'], async () => {
    await prepare('there');
    await expectOld('there');
    if (peer.out === undefined) return;
    for (const rows of [[[7, 'alone']], []]) {
      await succeed(configInput(columns, rows), outAt('few'));
      expect(await recordsAt(peer, 'few', columns)).toEqual(rows.map(([id, name]) => ({ id: String(id), name })));
    }
  });

  hazard('takes names of any kind', ['in', 'out'], async () => {
    const named: readonly Column[] = [
      { name: 'id', type: 'long' },
      { name: 'select', type: 'string' },
      { name: 'With "Quotes"', type: 'string' },
      { name: "it's `ticked`", type: 'string' },
      { name: '日本語 é', type: 'string' },
      { name: 'a.b;c--%s?', type: 'string' },
    ];
    const row = [1, 'a', 'b', 'c', 'd', 'e'];
    for (const place of ['order', 'With "Quotes"', '表 é']) {
      await succeed(configInput(named, [row]), outAt(place));
      const found = await recordsAt(peer, place, named);
      expect(found.map((record) => Object.entries(record))).toEqual([
        named.map(({ name }, index) => [name, String(row[index])]),
      ]);
    }
  });

  hazard('keeps a million rows', ['in', 'out'], async () => {
    await using place = await workspace({ 'in/many.csv': csvRows(MANY_ROWS) });
    await succeed(csvInput(place.path('in/'), columns), outAt('many'));
    const output = { type: 'file', path_prefix: place.path('out/r_'), file_ext: 'csv' };
    await succeed(inAt('many'), {
      ...output,
      formatter: { type: 'csv', newline: 'LF', header_line: false },
    });
    const [sum, count] = await digest(place);
    expect(count).toBe(MANY_ROWS);
    expect(sum).toBe((MANY_ROWS * (MANY_ROWS - 1)) / 2);
  });

  hazard('explains a wrong password, and does not show it', ['login'], async () => {
    const sides: readonly [Section, Section][] = [
      ...(peer.in === undefined ? [] : ([[inAt('there'), { type: 'null' }]] as const)),
      ...(peer.out === undefined ? [] : ([[configInput(columns, oldRows), outAt('there')]] as const)),
    ].map(([input, output]) => [input, output]);
    for (const [input, output] of sides) {
      const isInput = output['type'] === 'null';
      const { section, secret } = member('strange')(isInput ? input : output);
      const result = isInput ? await run(section, output) : await run(input, section);
      expectExplained(result);
      expect(`${result.stdout}${result.stderr}`).not.toContain(secret);
    }
  });

  hazard('explains a missing right, and changes nothing', ['rights'], async () => {
    await prepare('mine');
    if (peer.in !== undefined) expectExplained(await run(member('powerless')(inAt('mine')), { type: 'null' }));
    if (peer.out === undefined) return;
    expectExplained(await run(configInput(columns, [[3, 'new']]), member('powerless')(outAt('mine'))));
    await expectOld('mine');
  });

  hazard('explains that there is nothing to read', ['in'], async () => {
    const result = await run(inAt('never_written'), { type: 'null' });
    // Files: none is no failure, and is told.
    if (result.exitCode === 0) expect(result.stderr).toMatch(/no file|nothing|no object/i);
    else expectExplained(result);
  });

  hazard('leaves what is there when the run fails', ['in', 'out'], async () => {
    await prepare('kept');
    await using place = await workspace({ 'in/bad.csv': `${csvRows(20_000)}not a number,x\n` });
    const input = csvInput(place.path('in/'), columns);
    const parser = { ...(input['parser'] as Section), stop_on_invalid_record: true };
    expectExplained(await run({ ...input, parser }, outAt('kept')));
    await expectOld('kept');
  });

  hazard('stops when it is told to, and leaves what is there', ['in', 'out'], async () => {
    await prepare('stopped');
    await using place = await workspace();
    const job = await heldJob(place, outAt('stopped'), 100_000);
    const stoppedAt = performance.now();
    job.stop();
    const result = await job.result;
    expect(performance.now() - stoppedAt).toBeLessThan(STOP_MS_MAX);
    expect(result.exitCode, result.stderr).toBe(143);
    await job.pipe.close();
    await expectOld('stopped');
  });

  hazard('stops when it is told to while the server says nothing', ['in', 'server'], async () => {
    await prepareLarge('held');
    await using proxy = await faultyWay('hold');
    let pid = 0;
    const result = run(proxy.to(inAt('held')), { type: 'null' }, { started: (started) => (pid = started) });
    await proxy.begun;
    const stoppedAt = performance.now();
    process.kill(pid, 'SIGTERM');
    expect((await result).exitCode, (await result).stderr).toBe(143);
    expect(performance.now() - stoppedAt).toBeLessThan(STOP_MS_MAX);
  });

  hazard('in: a connection that is cut loses no row and doubles none', ['in', 'server'], async () => {
    await prepareLarge('cut_source');
    await using place = await workspace();
    await using proxy = await faultyWay('cut');
    const result = await run(proxy.to(inAt('cut_source')), csvOut(place));
    await proxy.begun;
    if (result.exitCode === 0) expect(await digest(place)).toEqual(largeDigest);
    else expectExplained(result);
  });

  hazard('out: a connection that is cut loses no row and doubles none', ['in', 'out', 'server'], async () => {
    await prepare('cut');
    await using place = await workspace({ 'in/large.csv': csvRows(LARGE_ROWS) });
    const input = csvInput(place.path('in/'), columns);
    await using proxy = await faultyWay('cut');
    const result = await run(input, proxy.to(outAt('cut')));
    await proxy.begun;
    if (result.exitCode !== 0) {
      expectExplained(result);
      expect(await recordsAt(peer, 'cut', columns)).toEqual(old);
      await succeed(input, outAt('cut'));
    }
    await succeed(inAt('cut'), csvOut(place));
    expect(await digest(place)).toEqual(largeDigest);
    expect(await peer.leftovers()).toEqual([]);
  });

  hazard('has all rows of one of two runs that write to the same place at once', ['in', 'out'], async () => {
    const output = outAt('twice');
    await using place = await workspace({ 'a/1.csv': csvRows(30_000), 'b/1.csv': csvRows(50_000) });
    const results = await Promise.all(['a/', 'b/'].map((name) => run(csvInput(place.path(name), columns), output)));
    expect(results.map(({ exitCode }) => exitCode)).toContain(0);
    for (const result of results) if (result.exitCode !== 0) expectExplained(result);
    expect([30_000, 50_000]).toContain((await recordsAt(peer, 'twice', columns)).length);
    expect(await peer.leftovers()).toEqual([]);
  });

  hazard(
    'has the old rows or the new ones after the server was restarted in the middle',
    ['in', 'out', 'restart'],
    async () => {
      await prepare('restarted');
      await using place = await workspace();
      const job = await heldJob(place, outAt('restarted'), 100_000);
      await member('restart')();
      await job.pipe.close();
      const result = await job.result;
      if (result.exitCode === 0) expect(await recordsAt(peer, 'restarted', columns)).toHaveLength(100_000);
      else {
        expectExplained(result);
        expect(await recordsAt(peer, 'restarted', columns)).toEqual(old);
      }
      await succeed(configInput(columns, oldRows), outAt('restarted'));
      await expectOld('restarted');
    },
  );
});

function csvOut(place: Workspace): Section {
  const formatter = { type: 'csv', newline: 'LF', header_line: false };
  return { type: 'file', path_prefix: place.path('out/r_'), file_ext: 'csv', formatter };
}

/** The sum of the ids and the number of the rows in the files of the folder. */
async function digest(place: Workspace): Promise<[sum: number, count: number]> {
  let [sum, count] = [0, 0];
  for (const name of await place.outputs()) {
    let rest = '';
    for await (const chunk of createReadStream(place.path(`out/${name}`), 'utf8')) {
      const lines = `${rest}${String(chunk)}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) sum += Number.parseInt(line, 10);
      count += lines.length;
    }
  }
  return [sum, count];
}
