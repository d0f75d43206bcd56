/** A server that stops while transfers run: its runners go on, and the next server tells what became of them. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Run } from '#api/resources/run.ts';
import { emptyDatabase, storeKinds } from '#test/kit/control-store.ts';
import { httpServer } from '#test/kit/http-server.ts';
import type { HttpServer } from '#test/kit/http-server.ts';
import { serverProcess } from '#test/kit/server-process.ts';
import type { ServerProcess } from '#test/kit/server-process.ts';
import { until } from '#test/kit/until.ts';
import { workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';

const TEST_MS_MAX = 300_000;
const RUN_MS_MAX = 120_000;

/** A source that answers when the test says so. */
interface HeldSource extends AsyncDisposable {
  readonly server: HttpServer;
  /** A runner waits for the answer. */
  asked(): Promise<void>;
  /** Whoever has asked is still there. */
  isHeld(): boolean;
  release(): void;
}

async function heldSource(): Promise<HeldSource> {
  let held: ServerResponse | undefined;
  const server = await httpServer((_asked, answer) => {
    held = answer;
  });
  return {
    server,
    asked: async () => void (await until('the source is asked', async () => held, RUN_MS_MAX)),
    isHeld: () => held?.destroyed === false,
    release: () => void held?.end('1,x\n2,y\n'),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function startTransfer({ client }: ServerProcess, source: HeldSource, place: Workspace): Promise<string> {
  const parser = {
    type: 'csv',
    columns: [
      { name: 'a', type: 'long' },
      { name: 'b', type: 'string' },
    ],
  };
  const config = {
    // Else it would ask again on a slow machine.
    in: { type: 'http', url: source.server.url, read_timeout: TEST_MS_MAX, parser },
    out: {
      type: 'file',
      path_prefix: place.path('out/r_'),
      file_ext: 'csv',
      formatter: { type: 'csv', header_line: false },
    },
    exec: { max_threads: 1, min_output_tasks: 1 },
  };
  const transfer = await client.call('transfers.create', { body: { name: 'held', config } });
  const run = await client.call('transfers.run', { params: { id: transfer.id }, body: {} });
  await source.asked();
  return run.id;
}

async function ended({ client }: ServerProcess, id: string): Promise<Run> {
  const look = async (): Promise<Run | undefined> => {
    const run = await client.call('runs.get', { params: { id } });
    return run.endedAt === null ? undefined : run;
  };
  return until('the run has ended', look, RUN_MS_MAX);
}

async function output(place: Workspace): Promise<string> {
  const texts = await Promise.all((await place.outputs()).map((name) => place.read(`out/${name}`)));
  return texts.join('|').replaceAll('\r\n', ' ');
}

describe('ropeway server', () => {
  it.each([
    ['SIGTERM', storeKinds[0] ?? 'embedded'],
    ['SIGKILL', 'embedded'],
  ] as const)(
    'ends by %s and leaves its runners to the next one, on a database that is %s',
    { timeout: TEST_MS_MAX },
    async (signal, kind) => {
      await using place = await workspace();
      await using source = await heldSource();
      const dataFolder = place.path('data');
      const store = { dataFolder, ...(kind === 'postgresql' ? { databaseUrl: await emptyDatabase() } : {}) };
      await using first = await serverProcess(store);
      const id = await startTransfer(first, source, place);
      const exitCode = await first.end(signal);
      expect(exitCode, first.printed()).toBe(signal === 'SIGTERM' ? 0 : null);
      expect(source.isHeld()).toBe(true);
      await using second = await serverProcess({ ...store, port: first.port });
      const found = await second.client.call('runs.get', { params: { id } });
      expect(found).toMatchObject({ state: 'RUNNING', attemptNo: 1 });
      expect((await fetch(`${second.url}/metrics`)).status).toBe(401);
      const headers = { authorization: `Bearer ${second.token}` };
      const figures = await (await fetch(`${second.url}/metrics`, { headers })).text();
      expect(figures).toContain('ropeway_runs{state="RUNNING",lane="batch"} 1\n');
      source.release();
      expect(await ended(second, id)).toMatchObject({
        state: 'SUCCEEDED',
        attemptNo: 1,
        counters: { recordsWritten: 2 },
      });
      expect(await output(place)).toBe('1,x 2,y ');
      expect(source.server.asked).toHaveLength(1);
    },
  );
});
