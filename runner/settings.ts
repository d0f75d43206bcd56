/** Every time that a runner keeps, in one place: tests divide all of them by one factor. */

/** In the environment, for tests. */
export const DIVISOR = 'ROPEWAY_TIMER_DIVISOR';

const settings = {
  /** Without an answer to the claim for so long, it gives up: another attempt finds a better time. */
  claimMsMax: 600_000,
  /** Between tries that got no answer. */
  retryMsMin: 500,
  retryMsMax: 15_000,
  /** For an answer, beside the time that it may be held back. */
  answerMsMax: 30_000,
  /** Before the lease ends it ends itself. Longer than any of its steps takes, and than two clocks run apart. */
  leaseMarginMs: 60_000,
  /** Between heartbeats once a stop has been heard. */
  stoppingHeartbeatMs: 2000,
  countersMs: 1000,
  memoryMs: 500,
  /** Lines wait so long for others to share their way. */
  logMs: 2000,
  /** At the end: for lines that have not been sent. */
  logFlushMsMax: 15_000,
  /** For telling that it has done what it was told to. */
  quiescedMsMax: 10_000,
  /** Of the grace that it is given, what it keeps for its own ending. */
  graceReserveMs: 2000,
};

export type RunnerSettings = Readonly<typeof settings>;

export function runnerSettings(divisor = 1): RunnerSettings {
  // The same keys, and numbers as before.
  return Object.fromEntries(Object.entries(settings).map(([name, ms]) => [name, ms / divisor])) as RunnerSettings;
}
