/** `npm run bench -- --only gcs` */
import type { DataFile } from '#bench/data.ts';
import type { ServerJobs } from '#bench/server-jobs.ts';
import { KEY, storeJobs } from './store-job.ts';

const id = 'gcs-jsonl-gz';
export const gcsJobIds: readonly string[] = [id];

export function gcsJobs(data: DataFile, threads: number): Promise<ServerJobs> {
  const store = { type: 'gcs', bucket: 'bench', paths: [KEY], auth_method: 'anonymous' };
  const input = (endpoint: string): object => ({ ...store, endpoint });
  return storeJobs({ id, title: 'narrow CSV in Google Cloud Storage → JSON-lines.gz', input }, data, threads);
}
