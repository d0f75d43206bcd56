/** Jobs from and to servers of databases. They take part when they are asked for, each with a server of its own. */
import type { DataFile } from '#bench/data.ts';
import type { Job } from '#bench/jobs.ts';
import { mariadbJobIds, mariadbJobs } from './mariadb.ts';
import { postgresJobIds, postgresJobs } from './postgres.ts';

export interface DatabaseJobs extends AsyncDisposable {
  readonly jobs: readonly Job[];
  readonly absent: readonly string[];
}

interface Database {
  readonly ids: readonly string[];
  open(data: DataFile, threads: number): Promise<DatabaseJobs>;
}

const databases: readonly Database[] = [
  { ids: postgresJobIds, open: postgresJobs },
  { ids: mariadbJobIds, open: mariadbJobs },
];

/** `only`: what the ids of the jobs hold that are wanted; without it there are none of these. */
export async function databaseJobs(only: string | undefined, data: DataFile, threads: number): Promise<DatabaseJobs> {
  const wanted = databases.filter(({ ids }) => only !== undefined && ids.some((id) => id.includes(only)));
  const open: DatabaseJobs[] = [];
  for (const database of wanted) open.push(await database.open(data, threads));
  return {
    jobs: open.flatMap(({ jobs }) => jobs),
    absent: open.flatMap(({ absent }) => absent),
    async [Symbol.asyncDispose]() {
      for (const opened of open) await opened[Symbol.asyncDispose]();
    },
  };
}
