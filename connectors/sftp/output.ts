/**
 * Writes files to an SFTP server. They are uploaded as `NAME.RUN.tmp`, and get their names together when the whole run
 * has succeeded: a failed run leaves no partial file, files that were there stay until then, and two runs at once do
 * not take each other's files.
 */
import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import type { Logger } from '#spi/context.ts';
import type { FileOutput, FileSink } from '#spi/files.ts';
import { isRopewayError } from '#spi/errors.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { Report } from '#spi/records.ts';
import { sequenceFormat } from '#connectors/file/sequence.ts';
import type { SftpOutputConfig } from './config.ts';
import { sftpErrors } from './errors.ts';
import { RemoteWriter } from './remote-writer.ts';
import type { SftpSession } from './session.ts';
import { openStore, SftpStore } from './store.ts';

/** Removing what is left must not keep a stopped run from ending. */
const CLEANUP_TIMEOUT_MS = 10_000;
const PERMISSION_BITS = 0o7777;

interface OutputPlan extends JsonObject {
  readonly taskCount: number;
  /** Tells the files of this run from those of others: eight hexadecimal digits. */
  readonly run: string;
}

/** A finished file that waits for its name. */
interface FinishedFile extends JsonObject {
  readonly part: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly mtime: number;
}

/** Plans whose files all have their names: nothing is left of them. */
const committed = new WeakSet<OutputPlan>();

export const sftpOutput: FileOutput<SftpOutputConfig, OutputPlan> = {
  async plan(config, taskCount, ctx) {
    const path = outputPath(config, 0, 0);
    if (taskCount > 1 && outputPath(config, 1, 0) === path) {
      const params = { file: path, reason: `all ${taskCount} outputs would be written to it` };
      throw sftpErrors.error('SFTP_OUTPUT_PATH', params, { where: { path: ['sequence_format'] } });
    }
    const store = openStore(config, ctx);
    await store.use(async (session) => {
      await makeFolder(store, session, posix.dirname(path));
      if (config.rename_file_after_upload) await removeLeftovers(config, store, session);
    });
    return { taskCount, run: randomBytes(4).toString('hex') };
  },

  async open(config, { run }, ctx) {
    const store = openStore(config, ctx);
    return config.rename_file_after_upload
      ? renamingSink(config, store, { run, taskIndex: ctx.taskIndex })
      : directSink(config, store, ctx.taskIndex);
  },

  async commit(config, plan, reports, ctx) {
    await using store = openStore(config, ctx);
    for (const file of finishedFiles(reports)) {
      await store.use((session) => publish(store, session, file));
      ctx.log.info('Wrote a file.', { file: store.urlOf(file.path), bytes: file.sizeBytes });
    }
    committed.add(plan);
    return {};
  },

  async cleanup(config, plan, reports, ctx) {
    if (!config.rename_file_after_upload || committed.has(plan)) return;
    const parts = finishedFiles(reports).map(({ part }) => part);
    // Tasks that were cut off reported nothing; the names of their first files are known all the same.
    const isCutOff = reports.length < plan.taskCount;
    for (let task = 0; isCutOff && task < plan.taskCount; task++)
      parts.push(partPath(outputPath(config, task, 0), plan.run));
    if (parts.length > 0) await removeParts(config, parts, ctx.log);
  },
};

/** As it is written everywhere: from the top, without detours. */
function outputPath(config: SftpOutputConfig, task: number, file: number): string {
  const written = config.path_prefix + sequenceFormat(config.sequence_format)(task, file) + config.file_ext;
  const path = posix.normalize(`/${written}`);
  const reason = path.includes('\0') ? 'it contains a NUL character' : path.endsWith('/') ? 'it has no name' : '';
  if (reason === '') return path;
  throw sftpErrors.error(
    'SFTP_OUTPUT_PATH',
    { file: JSON.stringify(path), reason },
    { where: { path: ['path_prefix'] } },
  );
}

function partPath(path: string, run: string): string {
  return `${path}.${run}.tmp`;
}

const partPattern = /^(.+)\.[0-9a-f]{8}\.tmp$/s;
/** Whether a run lives cannot be seen from here; none is silent for so long. */
const SILENT_S = 24 * 3600;

/** Takes away what runs that were killed have left of files with such names. A folder that may not be listed stays. */
async function removeLeftovers(config: SftpOutputConfig, store: SftpStore, session: SftpSession): Promise<void> {
  const folder = posix.dirname(outputPath(config, 0, 0));
  const begin = config.path_prefix.endsWith('/') ? '' : posix.basename(config.path_prefix);
  try {
    const pages = await session.list(store.remote(folder), { action: 'listing', file: store.urlOf(folder) });
    for await (const page of pages ?? []) {
      for (const { filename, attrs } of page) {
        const [, name] = partPattern.exec(filename) ?? [];
        const isOurs = name !== undefined && name.startsWith(begin) && name.endsWith(config.file_ext);
        if (!isOurs || Date.now() / 1000 - attrs.mtime < SILENT_S) continue;
        const file = posix.join(folder, filename);
        await session.remove(store.remote(file), { action: 'removing', file: store.urlOf(file) });
        store.log.info('Removed an unfinished file of a run that had died.', { file: store.urlOf(file) });
      }
    }
  } catch (error) {
    if (!isRopewayError(error) || error.transient) throw error;
    store.log.warn('What runs that died have left cannot be looked for.', { reason: error.message });
  }
}

function finishedFiles(reports: readonly Report[]): FinishedFile[] {
  return reports.flatMap(({ files }): FinishedFile[] =>
    // Only `close` below makes these reports.
    Array.isArray(files) ? (files as readonly Json[]).filter(isJsonObject).map((file) => file as FinishedFile) : [],
  );
}

async function makeFolder(store: SftpStore, session: SftpSession, folder: string): Promise<void> {
  const doing = { action: 'making the folder', file: store.urlOf(folder) };
  const missing: string[] = [];
  for (let at = folder; (await session.stat(store.remote(at), doing)) === undefined && at !== '/';) {
    missing.unshift(at);
    at = posix.dirname(at);
  }
  for (const path of missing) await session.mkdir(store.remote(path), doing);
}

function renamingSink(
  config: SftpOutputConfig,
  store: SftpStore,
  { run, taskIndex }: { readonly run: string; readonly taskIndex: number },
): FileSink {
  const finished: FinishedFile[] = [];
  let current: { readonly writer: RemoteWriter; readonly path: string } | undefined;
  let fileCount = 0;
  const finish = async (): Promise<void> => {
    if (current === undefined) return;
    const { writer, path } = current;
    current = undefined;
    finished.push({ part: writer.path, path, ...(await writer.close()) });
  };
  return {
    async nextFile() {
      await finish();
      const path = outputPath(config, taskIndex, fileCount++);
      current = { writer: await createPart(store, path, run), path };
    },
    async write(bytes) {
      await current?.writer.write(bytes);
    },
    async close() {
      await finish();
      return { files: finished };
    },
    async abort() {
      const parts = finished.map(({ part }) => part);
      for (let file = 0; file < fileCount; file++) parts.push(partPath(outputPath(config, taskIndex, file), run));
      await current?.writer.abandon();
      await removeParts(config, [...new Set(parts)], store.log);
    },
  };
}

/** What a try before this one left goes first; exclusive creation gives a file that is ours alone. */
async function createPart(store: SftpStore, path: string, run: string): Promise<RemoteWriter> {
  const part = partPath(path, run);
  const mode = await store.use(async (session) => {
    await session.remove(store.remote(part), { action: 'removing', file: store.urlOf(part) });
    const stats = await session.stat(store.remote(path), { action: 'looking at', file: store.urlOf(path) });
    if (stats?.isDirectory() !== true) return stats?.mode;
    const params = { file: store.urlOf(path), reason: 'it is a folder' };
    throw sftpErrors.error('SFTP_OUTPUT_PATH', params, { where: { path: ['path_prefix'] } });
  });
  const permissions = mode === undefined ? undefined : mode & PERMISSION_BITS;
  return RemoteWriter.create(store, part, { flags: 'wx', mode: permissions });
}

/** As Embulk does it: in place, and what was written stays whatever happens. */
function directSink(config: SftpOutputConfig, store: SftpStore, taskIndex: number): FileSink {
  let current: RemoteWriter | undefined;
  let fileCount = 0;
  return {
    async nextFile() {
      await current?.close();
      current = undefined;
      current = await RemoteWriter.create(store, outputPath(config, taskIndex, fileCount++), { flags: 'w' });
    },
    async write(bytes) {
      await current?.write(bytes);
    },
    async close() {
      const last = current;
      current = undefined;
      await last?.close();
      return {};
    },
    async abort() {
      await current?.abandon();
    },
  };
}

/** Gives the file its name. After a crash in the middle of a commit it may have it already. */
async function publish(store: SftpStore, session: SftpSession, file: FinishedFile): Promise<void> {
  const [part, path] = [store.remote(file.part), store.remote(file.path)];
  const doing = { action: 'renaming', file: store.urlOf(file.part) };
  if (!(await isFile(session, part, file, doing))) {
    if (await isFile(session, path, file, doing)) return;
    throw sftpErrors.error('SFTP_OUTPUT_REPLACED', { file: doing.file }, { where: { file: doing.file } });
  }
  if (await session.replace(part, path, doing)) return;
  // A server that cannot replace a file in one step: the old one stays, under another name, until the new one is there.
  const old = `${path}.ropeway-old`;
  if ((await session.stat(path, doing)) !== undefined) {
    await session.remove(old, doing);
    await session.rename(path, old, doing);
  }
  await session.rename(part, path, doing);
  await session.remove(old, doing);
}

async function isFile(
  session: SftpSession,
  path: string,
  { sizeBytes, mtime }: FinishedFile,
  doing: { readonly action: string; readonly file: string },
): Promise<boolean> {
  const stats = await session.stat(path, doing);
  return stats?.size === sizeBytes && stats.mtime === mtime;
}

/** Also when the run is being stopped: over a connection of its own. */
async function removeParts(config: SftpOutputConfig, parts: readonly string[], log: Logger): Promise<void> {
  const ctx = { log, signal: AbortSignal.timeout(CLEANUP_TIMEOUT_MS) };
  await using store = new SftpStore({ ...config, max_connection_retry: 0 }, ctx);
  await store.use(async (session) => {
    for (const part of parts) {
      await session.remove(store.remote(part), { action: 'removing', file: store.urlOf(part) });
    }
  });
}
