/** The one claim of an attempt: who gets it has the work, and nobody else ever does. */
import { randomUUID } from 'node:crypto';
import { claimAnswer, RUNNER_PROTOCOL } from '#api/runner.ts';
import type { ClaimAnswer, ClaimRequest } from '#api/runner.ts';
import type { ControlClient } from './control-client.ts';
import type { RunnerStart } from './start.ts';

export type Claim =
  | { readonly kind: 'claimed'; readonly answer: ClaimAnswer; readonly sentAtMs: number }
  | { readonly kind: 'refused'; readonly status: number; readonly code: string | undefined }
  | { readonly kind: 'unreachable' };

/** Asks until there is an answer: the same process may ask again, with the same nonce, when one was lost. */
export async function claimAttempt(
  client: ControlClient,
  start: RunnerStart,
  options: { readonly version: string; readonly signal: AbortSignal },
): Promise<Claim> {
  const { runId, attemptNo, fence, bootstrapToken, processUid, settings } = start;
  const request: ClaimRequest = {
    run_id: runId,
    attempt_no: attemptNo,
    fence,
    bootstrap_token: bootstrapToken,
    process_uid: processUid,
    claim_nonce: randomUUID(),
    protocol: RUNNER_PROTOCOL,
    runner_version: options.version,
  };
  const startedAt = performance.now();
  const mayGoOn = (): boolean => !options.signal.aborted && performance.now() - startedAt < settings.claimMsMax;
  // The lease counts from the last try that may have been the one: an earlier one only makes it shorter.
  const sentAtMs = startedAt;
  const reply = await client.askUntilAnswered('claim', request, { mayGoOn, signal: options.signal });
  if (reply === undefined) return { kind: 'unreachable' };
  if (reply.status !== 200) return { kind: 'refused', status: reply.status, code: codeIn(reply.body) };
  const answer = claimAnswer.safeParse(reply.body);
  if (!answer.success) return { kind: 'refused', status: reply.status, code: 'ANSWER_UNREADABLE' };
  return { kind: 'claimed', answer: answer.data, sentAtMs };
}

/** Of a problem. */
export function codeIn(body: unknown): string | undefined {
  return typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : undefined;
}
