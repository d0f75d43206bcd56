/** Which files a run reads, in which order and how divided, and what the next run is told. */
import type { Context } from '#spi/context.ts';
import type { JsonObject } from '#spi/json.ts';
import type { ConfigDiff } from '#spi/records.ts';
import { keyPattern } from '#connectors/object-store/key-pattern.ts';
import type { SelectionConfig } from './config-fields.ts';
import { remoteFileErrors } from './errors.ts';

/** Files of one run: their names are kept in memory. */
const FILES_MAX = 1_000_000;

/** A file as it was when the run was planned. */
export interface RemoteFile extends JsonObject {
  /** From the top of what the user sees of the server, beginning with a slash. */
  readonly path: string;
  readonly size: number;
  /** When it was changed, in milliseconds; undefined when the server does not say. */
  readonly mtime?: number;
}

export interface FileTask extends JsonObject {
  readonly files: readonly RemoteFile[];
}

export interface SelectionPlace {
  /** What is listed, as a URL. */
  readonly place: string;
  readonly urlOf: (path: string) => string;
}

/** The files to read, of all those that are found, sorted by path. */
export async function selectFiles(
  found: AsyncIterable<RemoteFile>,
  config: SelectionConfig,
  { place, urlOf }: SelectionPlace,
  ctx: Context,
): Promise<RemoteFile[]> {
  const isWanted = fileFilter(config, urlOf, ctx);
  const files: RemoteFile[] = [];
  for await (const file of found) {
    if (!isWanted(file)) continue;
    if (files.length === FILES_MAX) {
      throw remoteFileErrors.error('REMOTE_FILE_LISTING_LIMIT', { limit: FILES_MAX, place });
    }
    files.push(file);
  }
  if (files.length === 0 && config.stop_when_file_not_found) {
    throw remoteFileErrors.error('REMOTE_FILE_NONE_FOUND', { place }, { where: { path: ['path_prefix'] } });
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const { total_file_count_limit: limit } = config;
  if (files.length <= limit) return files;
  ctx.log.warn('Too many files matched, stop listing file.', { limit });
  return files.slice(0, limit);
}

function fileFilter(
  config: SelectionConfig,
  urlOf: (path: string) => string,
  ctx: Context,
): (file: RemoteFile) => boolean {
  const matches = pathPattern(config.path_match_pattern);
  const { last_path: last, use_modified_time: isByTime } = config;
  if (!isByTime) return ({ path }) => matches(path) && (last === undefined || path > last);
  const [from, to] = [modifiedFrom(config.last_modified_time), modifiedTo(ctx.transactionTime)];
  return ({ path, mtime }) => {
    if (!matches(path)) return false;
    if (mtime === undefined) throw remoteFileErrors.error('REMOTE_FILE_TIMES_UNKNOWN', { file: urlOf(path) });
    return mtime >= from && mtime < to;
  };
}

function pathPattern(pattern: string): (path: string) => boolean {
  try {
    return keyPattern(pattern);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const params = { pattern, reason: error.message };
    const where = { path: ['path_match_pattern'] };
    throw remoteFileErrors.error('REMOTE_FILE_PATTERN', params, { where, cause: error });
  }
}

function modifiedFrom(time: string | undefined): number {
  if (time === undefined) return -Infinity;
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time) ? Date.parse(time) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw remoteFileErrors.error('REMOTE_FILE_MODIFIED_TIME', { time }, { where: { path: ['last_modified_time'] } });
}

/**
 * The last whole second: servers tell times of change in whole seconds, so what changes in the second at hand may look
 * older than what this run has seen, and the next run would take it for known.
 */
function modifiedTo(transactionTime: Date): number {
  return Math.floor(transactionTime.getTime() / 1000) * 1000;
}

export function planTasks(
  files: readonly RemoteFile[],
  minTaskBytes: number,
): { tasks: FileTask[]; taskBytes: number[]; sizeBytes: number } {
  const tasks = groupBySize(files, minTaskBytes);
  const taskBytes = tasks.map((task) => task.files.reduce((sum, { size }) => sum + size, 0));
  return { tasks, taskBytes, sizeBytes: taskBytes.reduce((sum, bytes) => sum + bytes, 0) };
}

/** Files in their order, as many to a task as it takes to reach the size. */
function groupBySize(files: readonly RemoteFile[], minTaskBytes: number): FileTask[] {
  const tasks: RemoteFile[][] = [];
  let bytes = Infinity;
  for (const file of files) {
    if (bytes >= minTaskBytes) {
      tasks.push([]);
      bytes = 0;
    }
    tasks.at(-1)?.push(file);
    bytes += file.size;
  }
  return tasks.map((of) => ({ files: of }));
}

export function nextDiff(config: SelectionConfig, tasks: readonly FileTask[], ctx: Context): ConfigDiff {
  if (!config.incremental) return {};
  if (config.use_modified_time) {
    return { last_modified_time: new Date(modifiedTo(ctx.transactionTime)).toISOString() };
  }
  const lastPath = tasks.at(-1)?.files.at(-1)?.path ?? config.last_path;
  return lastPath === undefined ? {} : { last_path: lastPath };
}
