/**
 * The resume state: a YAML file that says what a run planned, and which tasks are committed. Its first document has
 * Embulk 0.9's layout (`exec_task`, `in_task`, `out_task`, schemas, reports); every task that finishes appends a small
 * document, so that a killed process loses nothing it has finished. A torn last document is a task that did not.
 */
import { open, readFile, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { parseAllDocuments, stringify } from 'yaml';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { Report } from '#spi/records.ts';
import { columnTypes } from '#spi/schema.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { engineErrors } from './errors.ts';
import type { Job } from './job.ts';
import type { TaskReports } from './task.ts';

/** A run as far as it is planned. */
export interface TransactionPlan {
  readonly transactionTime: string;
  readonly inputSchema: Schema;
  readonly outputSchema: Schema;
  readonly tasks: readonly Json[];
  readonly targetPlan: Json;
  readonly outputsPerTask: number;
}

export interface ResumeState {
  readonly plan: TransactionPlan;
  /** By task index; absent tasks are still to be done. */
  readonly done: ReadonlyMap<number, TaskReports>;
}

/** Appends finished tasks to the state file while a run goes on. */
export interface ResumeJournal {
  taskDone(index: number, reports: TaskReports): Promise<void>;
  close(): Promise<void>;
}

/** Tells whether two jobs would do the same work. Secrets go into the digest, not into the state file. */
export function jobDigest({ input, filters, output }: Job): string {
  // The library takes 7 ms to load, and most runs have no resume state.
  const { createHash } = process.getBuiltinModule('node:crypto');
  return createHash('sha256').update(JSON.stringify({ input, filters, output })).digest('hex');
}

/** The state in the file, or undefined when there is none yet. Throws when it cannot be read or is another job's. */
export async function readResumeState(file: string, job: Job): Promise<ResumeState | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw unreadable(file, error.message, error);
  });
  if (text.trim() === '') return undefined;
  const [first, ...later] = documents(file, text);
  if (!isJsonObject(first)) throw unreadable(file, 'it is not a resume state');
  if (first['config_digest'] !== jobDigest(job)) throw engineErrors.error('RESUME_CONFIG_CHANGED', { file });
  return stateOf(file, first, later);
}

/** Writes the first document, whole or not at all, and opens the file for the tasks to come. */
export async function beginResumeJournal(file: string, job: Job, state: ResumeState): Promise<ResumeJournal> {
  const draft = `${file}.new`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(stringify(stateDocument(job, state)));
    for (const [index, reports] of state.done) await handle.appendFile(taskDocument(index, reports));
    await handle.sync();
    await rename(draft, file);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return journal(handle);
}

export async function deleteResumeState(file: string): Promise<void> {
  await rm(file, { force: true });
}

function journal(handle: FileHandle): ResumeJournal {
  return {
    async taskDone(index, reports) {
      await handle.appendFile(taskDocument(index, reports));
      await handle.datasync();
    },
    close: () => handle.close(),
  };
}

function stateDocument(job: Job, { plan }: ResumeState): JsonObject {
  return {
    config_digest: jobDigest(job),
    exec_task: { transaction_time: plan.transactionTime, outputs_per_task: plan.outputsPerTask },
    in_task: { type: job.input.name, tasks: plan.tasks },
    out_task: { type: job.output.name, plan: plan.targetPlan },
    in_schema: schemaList(plan.inputSchema),
    out_schema: schemaList(plan.outputSchema),
  };
}

// The leading marker of each task's document also ends the document before it, torn or not.
function taskDocument(index: number, { input, outputs }: TaskReports): string {
  return `--- ${JSON.stringify({ task: index, in_report: input, out_reports: outputs })}\n...\n`;
}

function schemaList(schema: Schema): Json {
  return schema.columns.map(({ name, type, format }, index) => ({
    index,
    name,
    type,
    ...(format === undefined ? {} : { format }),
  }));
}

function documents(file: string, text: string): unknown[] {
  const parsed = parseAllDocuments(text);
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((document, index) => {
    if (document.errors.length === 0) return [document.toJS() as unknown];
    // Only the last document can be torn: the one that was being written when the process died.
    if (index > 0 && index === parsed.length - 1) return [];
    throw unreadable(file, document.errors[0]?.message ?? 'it is not YAML');
  });
}

function stateOf(file: string, first: JsonObject, later: readonly unknown[]): ResumeState {
  const part = (key: string): JsonObject => {
    const value = first[key];
    if (!isJsonObject(value)) throw unreadable(file, `'${key}' is missing`);
    return value;
  };
  const exec = part('exec_task');
  const tasks = part('in_task')['tasks'];
  if (!Array.isArray(tasks)) throw unreadable(file, "'in_task.tasks' is missing");
  const plan: TransactionPlan = {
    transactionTime: String(exec['transaction_time']),
    outputsPerTask: Number(exec['outputs_per_task']),
    tasks: tasks as readonly Json[],
    targetPlan: part('out_task')['plan'] ?? null,
    inputSchema: schemaOf(file, first['in_schema']),
    outputSchema: schemaOf(file, first['out_schema']),
  };
  const done = new Map<number, TaskReports>();
  for (const entry of later) {
    if (!isJsonObject(entry) || typeof entry['task'] !== 'number' || !Array.isArray(entry['out_reports'])) continue;
    done.set(entry['task'], {
      input: isJsonObject(entry['in_report']) ? entry['in_report'] : {},
      outputs: entry['out_reports'] as readonly Report[],
    });
  }
  return { plan, done };
}

function schemaOf(file: string, value: unknown): Schema {
  if (!Array.isArray(value)) throw unreadable(file, 'a schema is missing');
  const columns = value.map((entry: unknown): Column => {
    const column = isJsonObject(entry) ? entry : {};
    const type = columnTypes.find((known) => known === column['type']);
    if (type === undefined || typeof column['name'] !== 'string') throw unreadable(file, 'a schema is damaged');
    const { format } = column;
    return { name: column['name'], type, ...(typeof format === 'string' ? { format } : {}) };
  });
  return { columns };
}

function unreadable(file: string, reason: string, cause?: unknown): Error {
  return engineErrors.error('RESUME_STATE_UNREADABLE', { file, reason }, { where: { file }, cause });
}
