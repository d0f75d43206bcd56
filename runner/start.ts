/** What a runner is started with: who it is, whom it asks, and the token for its one claim. */
import { readFileSync, readSync } from 'node:fs';
import { z } from 'zod';
import { runnerErrors } from './errors.ts';
import { DIVISOR, runnerSettings } from './settings.ts';
import type { RunnerSettings } from './settings.ts';

/** Executors hand the token over here, unless a file is named. */
const BOOTSTRAP_FD = 3;
/** A token is a hundred bytes. */
const BOOTSTRAP_BYTES_MAX = 8192;

const environment = z.object({
  ROPEWAY_RUN_ID: z.string().min(1),
  ROPEWAY_ATTEMPT_NO: z.coerce.number().int().min(1),
  ROPEWAY_FENCE: z.string().regex(/^\d+$/, 'a number'),
  ROPEWAY_CONTROL_URL: z.url({ protocol: /^https?$/ }),
  ROPEWAY_RUNNER_PROTOCOL: z.coerce.number().int().optional(),
  ROPEWAY_GRACE_S: z.coerce.number().min(0).default(60),
  ROPEWAY_PROCESS_UID: z.string().min(1),
  ROPEWAY_TERMINATION_FILE: z.string().optional(),
  ROPEWAY_ENGINE_FILE: z.string().optional(),
  ROPEWAY_BOOTSTRAP_FILE: z.string().optional(),
  [DIVISOR]: z.coerce.number().min(1).default(1),
});

export interface RunnerStart {
  readonly runId: string;
  readonly attemptNo: number;
  readonly fence: string;
  readonly controlUrl: string;
  readonly processUid: string;
  readonly graceMs: number;
  readonly terminationFile: string | undefined;
  /** Where it says which process its engine is, for whoever has to end it. */
  readonly engineFile: string | undefined;
  readonly bootstrapToken: string;
  readonly settings: RunnerSettings;
}

export function readStart(env: NodeJS.ProcessEnv): RunnerStart {
  const read = environment.safeParse(env);
  if (!read.success) {
    const [issue] = read.error.issues;
    const reason = `${issue?.path.join('.')}: ${issue?.message}`;
    throw runnerErrors.error('RUNNER_ENVIRONMENT', { reason });
  }
  const found = read.data;
  return {
    runId: found.ROPEWAY_RUN_ID,
    attemptNo: found.ROPEWAY_ATTEMPT_NO,
    fence: found.ROPEWAY_FENCE,
    controlUrl: found.ROPEWAY_CONTROL_URL,
    processUid: found.ROPEWAY_PROCESS_UID,
    graceMs: found.ROPEWAY_GRACE_S * 1000,
    terminationFile: found.ROPEWAY_TERMINATION_FILE,
    engineFile: found.ROPEWAY_ENGINE_FILE,
    bootstrapToken: bootstrapToken(found.ROPEWAY_BOOTSTRAP_FILE),
    settings: runnerSettings(found[DIVISOR]),
  };
}

function bootstrapToken(file: string | undefined): string {
  let token: string;
  try {
    token = (file === undefined ? readPipe(BOOTSTRAP_FD) : readFileSync(file, 'utf8')).trim();
  } catch (error) {
    const reason = `its token cannot be read from ${file ?? `file descriptor ${BOOTSTRAP_FD}`}`;
    throw runnerErrors.error('RUNNER_ENVIRONMENT', { reason }, { cause: error });
  }
  if (token === '') throw runnerErrors.error('RUNNER_ENVIRONMENT', { reason: 'it was given no token' });
  return token;
}

function readPipe(fd: number): string {
  const buffer = Buffer.alloc(BOOTSTRAP_BYTES_MAX);
  let length = 0;
  for (;;) {
    const count = readSync(fd, buffer, length, buffer.length - length, null);
    length += count;
    if (count === 0 || length === buffer.length || buffer.subarray(0, length).includes(0x0a)) break;
  }
  return buffer.toString('utf8', 0, length);
}
