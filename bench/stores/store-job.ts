/** A large object of a store beside the same file on the disk, both to JSON-lines.gz on the disk. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { DataFile } from '#bench/data.ts';
import type { Job } from '#bench/jobs.ts';
import { ropeway } from '#bench/ropeway.ts';
import type { ServerJobs } from '#bench/server-jobs.ts';
import { stored } from './contenders.ts';

export const KEY = 'narrow.csv';

export interface Store {
  readonly id: string;
  readonly title: string;
  /** The section of the input, without its parser; `url` is where the store listens. */
  readonly input: (url: string) => object;
}

export async function storeJobs(store: Store, data: DataFile, threads: number): Promise<ServerJobs> {
  const server = spawn(process.execPath, [join(import.meta.dirname, 'range-server.ts'), data.path, KEY], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const input = store.input(`http://127.0.0.1:${await portOf(server)}`);
  const target = 'jsonl.gz';
  const job: Job = {
    id: store.id,
    title: store.title,
    contenders: [
      ropeway(data, { name: stored.store, threads, target, input }),
      ropeway(data, { name: stored.local, threads, target }),
      ropeway(data, { name: stored.storeOneThread, threads: 1, target, input }),
      ropeway(data, { name: stored.localOneThread, threads: 1, target }),
    ],
  };
  return {
    jobs: [job],
    absent: [],
    async [Symbol.asyncDispose]() {
      const exited = once(server, 'exit');
      server.kill();
      await exited;
    },
  };
}

async function portOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout !== null) for await (const line of createInterface(stdout)) return line;
  throw new Error('the store did not start');
}
