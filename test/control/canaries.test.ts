/**
 * Canaries in every secret option of a connection: while and after runs use them, not one of them may be found in the
 * database, in logs, answers, exports, files, arguments or environments.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { Client } from '#api/client.ts';
import { exportStore } from '#control/store/export.ts';
import { openStore } from '#control/store/store.ts';
import type { Store } from '#control/store/store.ts';
import { emptyDatabase } from '#test/kit/control-store.ts';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { serverProcess } from '#test/kit/server-process.ts';
import { until } from '#test/kit/until.ts';
import { workspace } from '#test/kit/workspace.ts';

const canaries = ['canary-password-7f3a', 'canary-key-91bc', 'canary-passphrase-55d0'];
/** Also as it would stand in JSON, URLs and base64. */
const forms = canaries.flatMap((canary) => [canary, Buffer.from(canary).toString('base64').replace(/=+$/, '')]);

describe.skipIf(postgresMissing !== '')(`the control plane${postgresMissing}`, () => {
  it('D-72 lets no secret out', { timeout: 180_000 }, async () => {
    await using place = await workspace();
    const dataFolder = place.path('data');
    await mkdir(dataFolder);
    const databaseUrl = await emptyDatabase();
    await using control = await serverProcess({ dataFolder, databaseUrl });
    const { client } = control;
    // Takes connections and says nothing: whoever asks waits, with its secrets in memory.
    await using silent = await silentServer();
    const answers: unknown[] = [];
    const server = { host: '127.0.0.1', port: silent.port, user: 'u' };
    const options = { ...server, database: 'd', password: canaries[0], connect_timeout: 5 };
    const secret_key = `-----BEGIN OPENSSH PRIVATE KEY-----\n${canaries[1]}\n-----END OPENSSH PRIVATE KEY-----`;
    const tunnel = { ...server, secret_key, secret_key_passphrase: canaries[2] };
    const create = async (name: string, more: Record<string, unknown>) =>
      client.call('connections.create', { body: { name, plugin: 'postgresql', options: { ...options, ...more } } });
    const plain = await create('plain', {});
    const tunneled = await create('tunneled', { ssh_tunnel: tunnel });
    const read = await client.call('connections.get', { params: { id: tunneled.id } });
    expect(read.secretsSet?.toSorted()).toEqual([
      'password',
      'ssh_tunnel.secret_key',
      'ssh_tunnel.secret_key_passphrase',
    ]);
    answers.push(plain, tunneled, read);
    const tested = await client.call('connections.test', { params: { id: tunneled.id }, body: {} });
    const runId = await runTransfer(client, plain.id);
    const stateOf = async (id: string) => client.call('runs.get', { params: { id } });
    await until(
      'the run is at work',
      async () => ((await stateOf(runId)).state === 'RUNNING' ? true : undefined),
      60_000,
    );
    const words = processWords();
    expect(words).toContain('ropeway.js\0runner');
    expect(found(words)).toEqual([]);
    for (const id of [tested.id, runId]) {
      const ended = await until(
        'the run is over',
        async () => {
          const run = await stateOf(id);
          return run.endedAt === null ? undefined : run;
        },
        60_000,
      );
      answers.push(ended, await client.call('runs.history', { params: { id } }));
      answers.push(
        await client.call('runs.logs', { params: { id } }),
        await client.call('runs.attempts', { params: { id } }),
      );
    }
    expect(found(JSON.stringify(answers))).toEqual([]);
    await using store = await openStore({ databaseUrl });
    const columns = await everyColumn(store);
    expect(columns).toContain('tunneled');
    expect(found(columns)).toEqual([]);
    expect(found(await exported(store))).toEqual([]);
    expect(found(await everyFile(dataFolder))).toEqual([]);
    expect(found(control.printed())).toEqual([]);
  });
});

function found(words: string): readonly string[] {
  expect(words.length).toBeGreaterThan(0);
  return forms.filter((form) => words.includes(form));
}

async function runTransfer(client: Client, connection: string): Promise<string> {
  const config = {
    in: { type: 'postgresql', connection, table: 't' },
    out: { type: 'file', path_prefix: '/nowhere/out', file_ext: 'csv', formatter: { type: 'csv' } },
  };
  const transfer = await client.call('transfers.create', { body: { name: 'leaky', config } });
  return (await client.call('transfers.run', { params: { id: transfer.id }, body: {} })).id;
}

async function silentServer(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    // It listens on TCP.
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await new Promise((done) => {
        server.close(done);
        server.emit('close');
      });
    },
  };
}

/** Arguments and environments of all processes that may be looked at, but for this one. */
function processWords(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => ['cmdline', 'environ'].map((file) => readOrNothing(`/proc/${pid}/${file}`)))
    .join('\n');
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    // It has ended, or is somebody else's.
    return '';
  }
}

async function everyColumn(store: Store): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`
    select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`.execute(store.db);
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql<{ text: string }>`select t::text as text from ${sql.raw(name)} t`.execute(store.db);
    texts.push(...rows.map((row) => row.text));
  }
  const { rows: chunks } = await sql<{ content: Uint8Array }>`select content from log_chunk`.execute(store.db);
  texts.push(...chunks.map(({ content }) => gunzipSync(content).toString('utf8')));
  return texts.join('\n');
}

async function exported(store: Store): Promise<string> {
  const through = new PassThrough();
  const [bytes] = await Promise.all([
    text(through.pipe((await import('node:zlib')).createGunzip())),
    exportStore(store.db, through),
  ]);
  return bytes;
}

/** Keys are kept by their own file, which is for nobody's eyes; everything else is looked at. */
async function everyFile(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map(async (file) => readFile(file, 'latin1').catch(() => '')));
  return texts.join('\n');
}
