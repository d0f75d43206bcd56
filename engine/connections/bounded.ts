/** Asks a connection under a deadline and a signal: a plugin that hears neither is left behind, not waited for. */
import type { Context } from '#spi/context.ts';
import { asRopewayError, errorFromRecord, errorRecord } from '#engine/error-transfer.ts';
import { placed } from '#engine/section.ts';
import { connectionErrors } from './errors.ts';
import { sideWord } from './open-connection.ts';
import type { OpenConnection } from './open-connection.ts';
import { withoutSecrets } from './secrets.ts';

/** For one check or one page: connecting with all its own tries takes no longer. */
const ANSWER_MS_MAX = 120_000;
/** What is left early may close what it has opened for so long: as long as a stop may take. */
const LEAVE_MS_MAX = 500;

export interface AskOptions {
  readonly ctx: Context;
  /** Milliseconds for one answer. */
  readonly answerMs?: number;
}

export interface Asking {
  /** What the plugin is given. Its signal aborts with the asking. */
  readonly ctx: Context;
  /** The answer, or an error that may be shown: placed in the config, and without secrets. */
  answer<T>(call: () => Promise<T>): Promise<T>;
  /** Ends the asking. `leave` closes what is open; one that does not come to its end is left behind. */
  close(leave?: () => Promise<unknown> | undefined): Promise<void>;
}

/** Each `answer` has its own time; the first that runs out of it ends the asking. */
export function ask(connection: OpenConnection, { ctx, answerMs = ANSWER_MS_MAX }: AskOptions): Asking {
  const end = new AbortController();
  let fail: ((error: unknown) => void) | undefined;
  const stop = (error: unknown): void => {
    end.abort();
    fail?.(error);
  };
  const onAbort = (): void => stop(connectionErrors.error('CONNECTION_CANCELLED'));
  ctx.signal.addEventListener('abort', onAbort);
  return {
    ctx: { ...ctx, signal: end.signal },
    async answer(call) {
      // A timer that keeps the process alive: there may be nothing else that does while we wait.
      const timer = setTimeout(() => stop(timeout(connection, answerMs)), answerMs);
      try {
        return await new Promise((resolve, reject) => {
          fail = reject;
          if (ctx.signal.aborted) onAbort();
          else call().then(resolve, (error: unknown) => reject(shown(connection, error)));
        });
      } finally {
        clearTimeout(timer);
        fail = undefined;
      }
    },
    async close(leave) {
      ctx.signal.removeEventListener('abort', onAbort);
      end.abort();
      await inTime(leave?.());
    },
  };
}

async function inTime(work: Promise<unknown> | undefined): Promise<void> {
  if (work === undefined) return;
  await new Promise<void>((done) => {
    const timer = setTimeout(done, LEAVE_MS_MAX);
    const end = (): void => {
      clearTimeout(timer);
      done();
    };
    // What fails while it is being left has nothing to say any more.
    work.then(end, end);
  });
}

/** An error as it may be shown. */
export function shown(connection: OpenConnection, error: unknown): Error {
  const record = errorRecord(placed({ path: [connection.use] }, asRopewayError(error)));
  const { message, hint, where, stack } = record;
  const words = withoutSecrets({ message, hint, where, ...(stack === undefined ? {} : { stack }) }, connection.secrets);
  return errorFromRecord({ ...record, ...words });
}

function timeout({ use, type }: OpenConnection, answerMs: number): Error {
  return connectionErrors.error('CONNECTION_TIMEOUT', { side: sideWord(use), type, seconds: answerMs / 1000 });
}
