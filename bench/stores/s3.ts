/** `npm run bench -- --only s3` */
import type { DataFile } from '#bench/data.ts';
import type { ServerJobs } from '#bench/server-jobs.ts';
import { KEY, storeJobs } from './store-job.ts';

const id = 's3-jsonl-gz';
export const s3JobIds: readonly string[] = [id];

export function s3Jobs(data: DataFile, threads: number): Promise<ServerJobs> {
  // The keys are for the signatures, which are a part of the work.
  const login = { access_key_id: 'bench', secret_access_key: 'bench', region: 'us-east-1' };
  const input = (endpoint: string): object => ({ type: 's3', bucket: 'bench', path: KEY, endpoint, ...login });
  return storeJobs({ id, title: 'narrow CSV in S3 → JSON-lines.gz', input }, data, threads);
}
