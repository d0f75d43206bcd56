/** Config files as commands use them: read, laid over each other, checked, and written back. */
import { access, constants, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Job } from '#engine/job.ts';
import { configErrors } from '#engine/config/errors.ts';
import { readProperties } from '#engine/config/exec.ts';
import type { Properties } from '#engine/config/exec.ts';
import { JobReader } from '#engine/config/job-reader.ts';
import type { Diagnostic } from '#engine/config/job-reader.ts';
import { loadConfig } from '#engine/config/load.ts';
import type { LoadedConfig } from '#engine/config/load.ts';
import { mergeConfig } from '#engine/config/merge.ts';
import { printYaml } from '#codec/yaml/print-yaml.ts';
import { systemReason } from '#spi/system-reason.ts';
import type { RunDiff } from '#engine/transaction.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import { ErrorList } from './command-context.ts';
import type { CommandContext } from './command-context.ts';
import { properties as readPairs } from './command-line.ts';
import type { SharedOptions } from './command-line.ts';

export interface ConfigOptions extends SharedOptions {
  readonly configDiff?: string;
  readonly strict?: boolean;
}

interface WithCatalog {
  readonly catalog: Catalog;
}

export interface OpenedConfig {
  /** With the `-c` file laid over it. */
  readonly value: JsonObject;
  /** As the file alone says it. */
  readonly written: JsonObject;
  /** As it is written: of a template what it rendered to. */
  readonly text: string;
  readonly properties: Properties;
}

/** Reads the config (and the `-c` file); from here on errors show its lines. */
export async function openConfig(ctx: CommandContext, path: string, options: ConfigOptions): Promise<OpenedConfig> {
  const { properties, warnings } = readProperties(readPairs(options.X));
  for (const warning of warnings) ctx.report(warning, 'warning');
  const load = (file: string): Promise<LoadedConfig> =>
    loadConfig(file, {
      env: process.env,
      dialect: properties.dialect ?? '0.11.5',
      onText: (text) => {
        ctx.source ??= { path: file, text, placeOf: () => undefined };
      },
    });
  const loaded = await load(path);
  ctx.source = loaded;
  for (const warning of loaded.warnings) ctx.report(warning, 'warning');
  const diffPath = options.configDiff;
  if (diffPath !== undefined) await checkWritable(diffPath);
  const isDiffThere = diffPath !== undefined && (await isReadable(diffPath));
  const diff = isDiffThere ? await loadDiff(diffPath, load) : {};
  return { value: mergeConfig(loaded.value, diff), written: loaded.value, text: loaded.text, properties };
}

export interface OpenedJob {
  readonly job: Job;
  readonly written: JsonObject;
}

export async function openJob(
  ctx: CommandContext,
  path: string,
  { catalog, ...options }: ConfigOptions & WithCatalog,
): Promise<OpenedJob> {
  const { value, written, properties } = await openConfig(ctx, path, options);
  const reader = new JobReader(value, catalog, properties);
  const job = await reader.job();
  reportDiagnostics(ctx, reader.diagnostics, options);
  if (job === undefined) throw new ErrorList(reader.errors);
  return { job, written };
}

/** What a preview needs: it has no use for the output, and no complaint about it. */
export async function openPreviewJob(
  ctx: CommandContext,
  path: string,
  { catalog, ...options }: ConfigOptions & WithCatalog,
): Promise<{ job: Pick<Job, 'input' | 'filters' | 'exec'>; isVertical: boolean }> {
  const { value, properties } = await openConfig(ctx, path, options);
  const reader = new JobReader(value, catalog, properties);
  const input = await reader.input();
  const filters = await reader.filters();
  const exec = reader.exec();
  reportDiagnostics(ctx, reader.diagnostics, options);
  if (input === undefined || reader.errors.length > 0) throw new ErrorList(reader.errors);
  return { job: { input, filters, exec }, isVertical: properties.isVertical ?? false };
}

/** Everything that is wrong with a config, its readability included. */
export async function checkConfig(
  ctx: CommandContext,
  path: string,
  { catalog, ...options }: ConfigOptions & WithCatalog,
): Promise<readonly Diagnostic[]> {
  try {
    const { value, properties } = await openConfig(ctx, path, options);
    const reader = new JobReader(value, catalog, properties);
    const job = await reader.job();
    return job === undefined ? reader.diagnostics : [...reader.diagnostics, ...(await deepCheck(job, catalog))];
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    return [{ severity: 'error', error }];
  }
}

/** What only the plugins know: a bad time zone, a charset that does not exist. Nothing is read. */
async function deepCheck(job: Job, catalog: Catalog): Promise<readonly Diagnostic[]> {
  const { checkJob } = await import('#engine/check-job.ts');
  return (await checkJob(job, catalog)).map((error) => ({ severity: 'error', error }));
}

function reportDiagnostics(ctx: CommandContext, diagnostics: readonly Diagnostic[], { strict }: ConfigOptions): void {
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning');
  if (strict === true && warnings.length > 0) throw new ErrorList(diagnostics.map(({ error }) => error));
  for (const { error } of warnings) ctx.report(error, 'warning');
}

/** The state for the next run (`-c`): the diff alone, whole or not at all. */
export async function writeDiff(path: string, diff: RunDiff): Promise<void> {
  await writeWhole(path, printYaml({ in: diff.in, out: diff.out }));
}

/** The config with the diff laid over it (`-o`). */
export async function writeMerged(path: string, written: JsonObject, diff: RunDiff): Promise<void> {
  await writeWhole(path, printYaml(mergeConfig(written, { in: diff.in, out: diff.out })));
}

/** Writes a config beside its place and then puts it there: a reader never sees half of it. */
export async function writeWhole(path: string, text: string): Promise<void> {
  try {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  } catch (error) {
    throw unwritable(path, error);
  }
}

async function loadDiff(path: string, load: (file: string) => Promise<LoadedConfig>): Promise<JsonObject> {
  const { size } = await stat(path);
  return size === 0 ? {} : (await load(path)).value;
}

async function isReadable(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Proves before the run that the state can be kept after it. */
export async function checkWritable(path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK);
    if (await isReadable(path)) await access(path, constants.W_OK);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): unknown {
  const reason = systemReason(error);
  if (reason === undefined) return error;
  return configErrors.error('CONFIG_FILE_UNWRITABLE', { file: path, reason }, { where: { file: path }, cause: error });
}
