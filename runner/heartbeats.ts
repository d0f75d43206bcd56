/** Tells the control plane again and again that the run is alive, and hears from the answers when it is to stop. */
import { setTimeout as wait } from 'node:timers/promises';
import { heartbeatAnswer } from '#api/runner.ts';
import type { HeartbeatAnswer, HeartbeatRequest } from '#api/runner.ts';
import type { ControlClient, Reply } from './control-client.ts';
import type { Lease } from './lease.ts';
import type { RunnerSettings } from './settings.ts';

/** As long as an answer may be held back. */
const HOLD_S_MAX = 20;
/** Runners that started together do not beat together. */
const SPREAD = 0.2;

export interface HeartbeatOptions {
  readonly client: ControlClient;
  readonly settings: RunnerSettings;
  readonly token: string;
  readonly lease: Lease;
  readonly heartbeatS: number;
  readonly beat: () => Omit<HeartbeatRequest, 'seq' | 'hold_s'>;
  readonly stop: (stop: Exclude<HeartbeatAnswer['stop'], 'none'>, reason: string | undefined) => void;
  readonly revoked: () => void;
  readonly signal: AbortSignal;
}

/** Until the signal, or until the claim is gone. */
export async function sendHeartbeats(options: HeartbeatOptions): Promise<void> {
  const { settings, heartbeatS, signal } = options;
  let isStopping = false;
  for (let seq = 1, failures = 0; !signal.aborted; seq += 1) {
    const everyMs = isStopping
      ? Math.min(settings.stoppingHeartbeatMs, heartbeatS * 1000)
      : heartbeatS * 1000 * (1 - SPREAD + 2 * SPREAD * Math.random());
    const holdS = isStopping ? 0 : Math.min(HOLD_S_MAX, everyMs / 1000);
    const sentAt = performance.now();
    const reply = await ask(options, seq, holdS);
    if (signal.aborted) return;
    if (reply?.status === 410) return options.revoked();
    const answer = reply?.status === 200 ? heartbeatAnswer.safeParse(reply.body) : undefined;
    if (answer?.success === true) {
      failures = 0;
      options.lease.renew(sentAt, answer.data.lease_s);
      if (answer.data.stop !== 'none') {
        isStopping = true;
        options.stop(answer.data.stop, answer.data.stop_reason);
      }
    } else failures += 1;
    const sinceMs = performance.now() - sentAt;
    const nextMs = failures === 0 ? everyMs - sinceMs : retryMs(settings, failures);
    await wait(Math.max(1, nextMs), undefined, { signal }).catch(() => undefined);
  }
}

function ask(
  { client, token, beat, signal }: HeartbeatOptions,
  seq: number,
  holdS: number,
): Promise<Reply | undefined> {
  const body: HeartbeatRequest = { ...beat(), seq, hold_s: holdS };
  // No answer is not the end: the lease says when it is.
  return client.ask('heartbeat', body, { token, holdMs: holdS * 1000, signal }).catch(() => undefined);
}

function retryMs({ retryMsMin, retryMsMax }: RunnerSettings, failures: number): number {
  return Math.min(retryMsMax, retryMsMin * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}
