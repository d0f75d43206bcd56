/**
 * The states of a run and the phases of an attempt. Seats follow the attempt, not the state: they are freed when the
 * attempt is quiesced, that is, known to be over or unable to do anything that counts.
 */

export type { RunState } from '#api/resources/run.ts';

export type AttemptPhase = 'PLANNED' | 'SUBMITTED' | 'CLAIMED' | 'REPORTED' | 'REVOKED' | 'QUIESCED' | 'CLEANED';

/** How it is known that an attempt is over. */
export type QuiesceEvidence =
  /** Never claimed, and nobody may claim any more. */
  | 'Q0'
  /** The process that claimed was seen to have ended. */
  | 'Q1'
  /** The execution said so. */
  | 'Q2'
  /** It was deleted in an orderly way, seen twice. */
  | 'Q3'
  /** Its machine is gone. */
  | 'Q4'
  /** Its lease is over, and it fences itself. */
  | 'Q5'
  /** The process group on this machine is empty. */
  | 'Q6';

/** In place of an execution: nobody may claim, report or commit any more. */
export const REVOKED = 'revoked';

export type StopReason = 'canceled' | 'timeout' | 'superseded' | 'suspended' | 'admin';
