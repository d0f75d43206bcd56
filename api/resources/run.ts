import { z } from 'zod';
import { id, instant } from '#api/fields.ts';
import { cpuMillis, jobConfig, memoryMb, priority } from './run-settings.ts';
import { givenValues, runValue, variableList } from './variable.ts';

export const runStates = [
  'QUEUED',
  'DISPATCHING',
  'STARTING',
  'RUNNING',
  'STOPPING',
  'BACKOFF',
  'SUCCEEDED',
  'FAILED',
  'CANCELED',
  'EXPIRED',
  'SKIPPED',
] as const;
export const runState = z.enum(runStates);
export type RunState = z.output<typeof runState>;

/** A run in one of these stays there. */
export const terminalStates: readonly RunState[] = ['SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED', 'SKIPPED'];

export const runKind = z.enum(['transfer', 'test', 'browse', 'guess', 'preview', 'probe']);
export type RunKind = z.output<typeof runKind>;
export const runTrigger = z.enum(['manual', 'api', 'schedule', 'workflow']);

export const counters = z
  .object({
    recordsRead: z.int(),
    recordsWritten: z.int(),
    recordsRejected: z.int(),
    bytesRead: z.int(),
    bytesTotal: z.int().optional(),
    bytesWritten: z.int(),
    tasksDone: z.int(),
    tasksTotal: z.int().optional(),
    memoryBytesMax: z.int().optional().describe('Of the engine, at its highest.'),
  })
  .meta({ id: 'Counters', title: 'Counters', description: 'Rows and bytes so far.' });
export type Counters = z.output<typeof counters>;

const failure = z
  .object({
    class: z.string().describe('Whose failure it is, which decides on trying again.'),
    code: z.string().describe('As the error reference lists it.'),
    message: z.string(),
    hint: z.string().optional(),
    where: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'Failure', title: 'Failure' });

const summaryFields = {
  id,
  kind: runKind.describe('What it does.'),
  trigger: runTrigger.describe('What created it.'),
  createdBy: z.string().describe('Who created it.'),
  transferId: id.nullable().describe('The definition it is of; none for tests and the like.'),
  transferName: z.string().nullable().describe('Name of the definition as it is now.'),
  revision: z.int().nullable().describe('Revision of the definition.'),
  groupId: id.nullable(),
  priority,
  lane: z.enum(['batch', 'interactive']).describe('Short ones that somebody waits for have a lane of their own.'),
  state: runState,
  attemptNo: z.int().describe('The attempt it is at; 0 before the first.'),
  counters: counters.nullable().describe('Of the last attempt; null before it has said anything.'),
  stopReason: z.string().nullable().describe('Why it is stopped, when it is.'),
  failureCode: z.string().nullable(),
  note: z.string().nullable().describe('What else is to be known about the outcome.'),
  blockedBy: z.string().nullable().describe('Why it is waiting.'),
  createdAt: instant,
  queuedAt: instant,
  startedAt: instant.nullable().describe('When its last attempt began to work.'),
  endedAt: instant.nullable(),
  version: z.int().describe('Counts transitions.'),
};

export const runSummary = z.object(summaryFields).meta({ id: 'RunSummary', title: 'Run in a list' });
export type RunSummary = z.output<typeof runSummary>;

export const run = z
  .object({
    ...summaryFields,
    failure: failure.nullable(),
    result: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe('What test, browse, guess and preview found; what the next run of a transfer begins with.'),
    variables: z.record(z.string(), z.string()).describe('Values of `{{ vars.name }}` in the configuration.'),
    values: z.array(runValue).describe('Values of the variables that the transfer declares.'),
    transactionTime: instant.nullable().describe('The instant that it is about.'),
    notBefore: instant.describe('It does not start earlier.'),
    queueDeadline: instant.describe('It does not wait longer.'),
    runTimeoutS: z.int(),
    memoryMb: z.int(),
    cpuMillis: z.int(),
    jobRetriesUsed: z.int(),
    jobRetriesMax: z.int(),
    isIdempotent: z.boolean(),
    stopRequestedAt: instant.nullable(),
    commitGrantedAt: instant.nullable().describe('From then on its data may be visible, and it cannot be canceled.'),
    heartbeatAt: instant.nullable().describe('When its runner was heard last.'),
  })
  .meta({ id: 'Run', title: 'Run', description: 'One execution.' });
export type Run = z.output<typeof run>;

export const attempt = z
  .object({
    no: z.int(),
    name: z.string().describe('Of the runner and its place.'),
    executor: z.string(),
    phase: z.enum(['PLANNED', 'SUBMITTED', 'CLAIMED', 'REPORTED', 'REVOKED', 'QUIESCED', 'CLEANED']),
    runnerVersion: z.string().nullable(),
    counters: counters.nullable(),
    reported: z.record(z.string(), z.unknown()).nullable().describe('What the runner said at its end.'),
    observed: z.record(z.string(), z.unknown()).nullable().describe('What was seen of it from outside.'),
    createdAt: instant,
    submittedAt: instant.nullable(),
    claimedAt: instant.nullable(),
    reportedAt: instant.nullable(),
    quiescedAt: instant.nullable(),
  })
  .meta({ id: 'Attempt', title: 'Attempt', description: 'One try in one runner.' });
export type Attempt = z.output<typeof attempt>;

export const runEvent = z
  .object({
    seq: z.int().describe('Counts from 1 within the run.'),
    at: instant,
    actor: z.string().describe('Who or what did it.'),
    transition: z.string(),
    fromState: runState.nullable(),
    toState: runState,
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'RunEvent', title: 'Run event', description: 'A change of the state of a run.' });
export type RunEvent = z.output<typeof runEvent>;

export const logLine = z
  .object({
    attemptNo: z.int(),
    at: instant.nullable(),
    level: z.enum(['debug', 'info', 'warn', 'error']),
    message: z.string(),
    fields: z.record(z.string(), z.unknown()).describe('What else the line says.'),
  })
  .meta({ id: 'LogLine', title: 'Line of a log' });
export type LogLine = z.output<typeof logLine>;

export const VARIABLES_MAX = 200;

export const variables = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'letters, digits and _ only'), z.string().max(10_000))
  .refine((values) => Object.keys(values).length <= VARIABLES_MAX, `at most ${VARIABLES_MAX}`)
  .describe('Values of `{{ vars.name }}` in the configuration.');

const declaredFields = {
  values: givenValues.default({}),
  at: instant
    .optional()
    .describe('The instant that the run is about: times of variables count from it. By default now.'),
};

export const runCreate = z.strictObject({
  variables: variables.default({}),
  ...declaredFields,
  priority: priority.optional().describe('Instead of that of the definition.'),
  revision: z.int().min(1).optional().describe('Another revision than the current one.'),
  memoryMb: memoryMb.optional().describe('Instead of that of the definition.'),
  cpuMillis: cpuMillis.optional().describe('Instead of that of the definition.'),
});

const trialFields = {
  variables: variables.default({}),
  ...declaredFields,
  memoryMb: memoryMb.optional(),
  rows: z.int().min(1).max(1000).optional().describe('Records of a preview at most.'),
};

/** Of a saved transfer. */
export const trialOfTransfer = z.strictObject({
  ...trialFields,
  revision: z.int().min(1).optional().describe('Another revision than the current one.'),
});

/** Of a configuration that is not saved yet. */
export const trialOfConfig = z.strictObject({
  ...trialFields,
  config: jobConfig,
  declarations: variableList.default([]),
  groupId: id.nullable().default(null).describe('The group that the transfer would belong to.'),
});

export const CANCEL_MANY_MAX = 10_000;

export const cancelArguments = z.strictObject({
  force: z
    .boolean()
    .default(false)
    .describe('Also when data may be visible already: what became of it is then unknown.'),
});

export const cancelManyArguments = z.strictObject({
  ids: z.array(id).max(1000).optional().describe('These runs.'),
  transferId: id.optional().describe('Runs of this definition that have not ended.'),
  state: z.array(runState).optional().describe('Only runs in one of these states.'),
});

export const cancelOutcome = z.object({
  outcome: z
    .enum(['canceled', 'canceling', 'cancel_too_late', 'ended'])
    .describe('`cancel_too_late`: its data may be visible already, it runs to its end. `ended`: it had ended.'),
  run,
});

export const cancelManyOutcome = z.object({
  canceled: z.int(),
  canceling: z.int(),
  tooLate: z.int(),
  ended: z.int(),
  hasMore: z.boolean().describe(`There are more than ${CANCEL_MANY_MAX}: ask again.`),
});
