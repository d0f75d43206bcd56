import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockFolder } from './lock.ts';
import { processStart } from './process-start.ts';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'ropeway-lock-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const contenderFile = new URL(import.meta.resolve('#test/kit/lock-contender.ts')).pathname;

function contender(times: number): ChildProcess {
  return spawn(process.execPath, [contenderFile, folder, String(times)], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function linesOf(child: ChildProcess): Promise<string[]> {
  const lines: string[] = [];
  // It has a pipe there.
  for await (const line of createInterface({ input: child.stdout! })) lines.push(line);
  return lines;
}

async function holder(): Promise<ChildProcess> {
  const child = contender(0);
  await once(child.stdout!, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** What the file of the highest number says. */
function owner(): { file: string; content: Record<string, unknown> } {
  const file = join(folder, readdirSync(folder).findLast((name) => name.startsWith('lock-')) ?? '');
  return { file, content: JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown> };
}

it('lockFolder() refuses a folder that this process has', () => {
  const lock = lockFolder(folder);
  expect(() => lockFolder(folder)).toThrow(`is in use by process ${process.pid}`);
  lock.release();
  lockFolder(folder).release();
});

it('lockFolder() never takes from a living process, and takes over from a killed one', async () => {
  const child = await holder();
  expect(() => lockFolder(folder)).toThrow(expect.objectContaining({ code: 'STORE_FOLDER_IN_USE' }));
  // Stopped is not dead.
  child.kill('SIGSTOP');
  expect(() => lockFolder(folder)).toThrow(`is in use by process ${child.pid}`);
  await kill(child);
  lockFolder(folder).release();
});

it('lockFolder() knows another process that has the same number by its start', async () => {
  const child = await holder();
  await kill(child);
  const { file, content } = owner();
  writeFileSync(file, JSON.stringify({ ...content, pid: process.pid }));
  lockFolder(folder).release();
  expect(processStart(process.pid)).not.toBe(content['start']);
});

it('lockFolder() takes what is left of a life before the last restart of the machine', () => {
  lockFolder(folder);
  const { file, content } = owner();
  writeFileSync(file, JSON.stringify({ ...content, boot: 'another' }));
  lockFolder(folder).release();
});

it('lockFolder() does not judge a process of another machine', () => {
  lockFolder(folder);
  const { file, content } = owner();
  writeFileSync(file, JSON.stringify({ ...content, host: 'elsewhere' }));
  expect(() => lockFolder(folder)).toThrow(expect.objectContaining({ code: 'STORE_FOLDER_LOCK_FOREIGN' }));
  rmSync(file);
  lockFolder(folder).release();
});

it('lockFolder() lets one in at a time, whoever is killed', async () => {
  await kill(await holder());
  const children = Array.from({ length: 6 }, () => contender(20));
  const lines = await Promise.all(children.map(linesOf));
  expect(lines.flat().filter((line) => line === 'clash')).toEqual([]);
  expect(lines.map((held) => held.length)).toEqual(children.map(() => 20));
  expect(readdirSync(folder).filter((name) => name.startsWith('lock-')).length).toBe(1);
});
