/** What the command alone cannot show: commits that are repeated, and other runs in between. */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '#spi/records.ts';
import { filterContext } from '#test/kit/filter-cases.ts';
import { sshMissing, sshServer } from '#test/kit/ssh-server.ts';
import type { SshServer } from '#test/kit/ssh-server.ts';
import { sftpOutputConfig } from './config.ts';
import type { SftpOutputConfig } from './config.ts';
import { sftpOutput } from './output.ts';

let ssh: SshServer;
let folderCount = 0;
let config: SftpOutputConfig;
let folder: string;

let plan: { readonly taskCount: number; readonly run: string };
const context = { ...filterContext(), taskIndex: 0, reject: () => {}, progress: () => {} };

/** Writes the files of a task; the report is what the commit gets. */
async function written(texts: readonly string[]): Promise<Report> {
  const sink = await sftpOutput.open(config, plan, context);
  for (const text of texts) {
    await sink.nextFile();
    await sink.write(Buffer.from(text));
  }
  // Reports go to other processes as JSON.
  return JSON.parse(JSON.stringify(await sink.close())) as Report;
}

function files(): Record<string, string> {
  const names = readdirSync(folder).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

describe.skipIf(sshMissing !== '')(`sftpOutput${sshMissing}`, () => {
  beforeAll(async () => {
    ssh = await sshServer({ lines: ['MaxStartups 100'] });
  });
  afterAll(() => ssh[Symbol.asyncDispose]());
  beforeEach(async () => {
    const name = `f${folderCount++}`;
    folder = join(ssh.home, name);
    config = sftpOutputConfig.parse({ ...ssh.options, path_prefix: `${name}/r_`, file_ext: 'txt' });
    await sftpOutput.plan(config, 1, context);
    // What is remembered of a plan is remembered of the object.
    plan = { taskCount: 1, run: '0123abcd' };
  });

  it('shows nothing before the commit, which may be repeated', async () => {
    const report = await written(['one', 'two']);
    expect(files()).toEqual({ 'r_000.00.txt.0123abcd.tmp': 'one', 'r_000.01.txt.0123abcd.tmp': 'two' });
    await sftpOutput.commit(config, plan, [report], context);
    const all = { 'r_000.00.txt': 'one', 'r_000.01.txt': 'two' };
    expect(files()).toEqual(all);
    await sftpOutput.commit(config, plan, [report], context);
    expect(files()).toEqual(all);
    // As after a crash in its middle.
    renameSync(join(folder, 'r_000.01.txt'), join(folder, 'r_000.01.txt.0123abcd.tmp'));
    await sftpOutput.commit(config, plan, [report], context);
    expect(files()).toEqual(all);
  });

  it('does not take the file of another run for its own', async () => {
    const report = await written(['one']);
    writeFileSync(join(folder, 'r_000.00.txt.0123abcd.tmp'), 'of another run');
    const committed = sftpOutput.commit(config, plan, [report], context);
    await expect(committed).rejects.toMatchObject({ code: 'SFTP_OUTPUT_REPLACED' });
    expect(files()).toEqual({ 'r_000.00.txt.0123abcd.tmp': 'of another run' });
  });

  it('gives up what is written, also after it was closed, and what tasks have left that were cut off', async () => {
    const sink = await sftpOutput.open(config, plan, context);
    await sink.nextFile();
    await sink.write(Buffer.alloc(5_000_000, 'x'));
    await sink.nextFile();
    await sink.abort();
    expect(files()).toEqual({});
    const closed = await sftpOutput.open(config, plan, context);
    await closed.nextFile();
    await closed.close();
    await closed.abort();
    expect(files()).toEqual({});

    await written(['one']);
    await sftpOutput.cleanup?.(config, plan, [], context);
    expect(files()).toEqual({});
    await sftpOutput.cleanup?.(config, plan, [], context);
  });

  it('writes every byte in its place', async () => {
    const text = Array.from({ length: 300_000 }, (_, index) => `${index}`).join(',');
    const report = await written([text]);
    await sftpOutput.commit(config, plan, [report], context);
    expect(readFileSync(join(folder, 'r_000.00.txt'), 'utf8') === text).toBe(true);
  });
});
