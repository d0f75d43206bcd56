/** Jobs from and to servers: databases, stores. They take part when they are asked for, each with a server of its own. */
import type { DataFile } from './data.ts';
import { mariadbJobIds, mariadbJobs } from './databases/mariadb.ts';
import { postgresJobIds, postgresJobs } from './databases/postgres.ts';
import type { Job } from './jobs.ts';
import { gcsJobIds, gcsJobs } from './stores/gcs.ts';
import { s3JobIds, s3Jobs } from './stores/s3.ts';

export interface ServerJobs extends AsyncDisposable {
  readonly jobs: readonly Job[];
  readonly absent: readonly string[];
}

interface Server {
  readonly ids: readonly string[];
  open(data: DataFile, threads: number): Promise<ServerJobs>;
}

const servers: readonly Server[] = [
  { ids: postgresJobIds, open: postgresJobs },
  { ids: mariadbJobIds, open: mariadbJobs },
  { ids: s3JobIds, open: s3Jobs },
  { ids: gcsJobIds, open: gcsJobs },
];

/** `only`: what the ids of the jobs hold that are wanted; without it there are none of these. */
export async function serverJobs(only: string | undefined, data: DataFile, threads: number): Promise<ServerJobs> {
  const wanted = servers.filter(({ ids }) => only !== undefined && ids.some((id) => id.includes(only)));
  const open: ServerJobs[] = [];
  for (const server of wanted) open.push(await server.open(data, threads));
  return {
    jobs: open.flatMap(({ jobs }) => jobs),
    absent: open.flatMap(({ absent }) => absent),
    async [Symbol.asyncDispose]() {
      for (const opened of open) await opened[Symbol.asyncDispose]();
    },
  };
}
