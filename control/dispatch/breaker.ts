/**
 * Whether a cluster is asked at all. Open: nothing but a probe now and then; running work is not touched. The time that
 * it was closed is what launch deadlines are counted in.
 */

/** So many failures one after the other open it, */
const FAILURES_IN_A_ROW = 5;
/** when the first of them is so long ago: one hiccup is not an outage. */
const FAILING_MS = 10_000;
/** Of so many last answers, */
const ANSWERS_LOOKED_AT = 20;
/** more failures than this open it too. */
const FAILED_SHARE_MAX = 0.5;
const PROBE_EVERY_MS = 5_000;

export interface Breaker {
  readonly isOpen: boolean;
  succeeded(): void;
  failed(): void;
  /** Opens it at once: the credentials or the rights are wrong, more of the same will not help. */
  trip(): void;
  /** While it is open, true once per period: whoever is told so asks one small thing and says how it went. */
  mayProbe(): boolean;
  /** Milliseconds that it has been closed, since it was made. */
  closedMs(): number;
}

export function breaker(now: () => number): Breaker {
  let answers: boolean[] = [];
  let failingSince: number | undefined;
  let inARow = 0;
  let closedMs = 0;
  let closedSince: number | undefined = now();
  let probedAt = Number.NEGATIVE_INFINITY;

  const open = (): void => {
    if (closedSince === undefined) return;
    closedMs += now() - closedSince;
    closedSince = undefined;
    probedAt = now();
  };
  const remember = (isGood: boolean): void => {
    answers.push(isGood);
    if (answers.length > ANSWERS_LOOKED_AT) answers.shift();
  };
  return {
    get isOpen() {
      return closedSince === undefined;
    },
    succeeded() {
      inARow = 0;
      failingSince = undefined;
      if (closedSince === undefined) {
        // What was seen before the outage says nothing about the time after it.
        answers = [];
        closedSince = now();
      }
      remember(true);
    },
    failed() {
      remember(false);
      inARow += 1;
      failingSince ??= now();
      const isDown = inARow >= FAILURES_IN_A_ROW && now() - failingSince >= FAILING_MS;
      const failures = answers.filter((isGood) => !isGood).length;
      const isShaky = answers.length === ANSWERS_LOOKED_AT && failures > ANSWERS_LOOKED_AT * FAILED_SHARE_MAX;
      if (isDown || isShaky) open();
    },
    trip: open,
    mayProbe() {
      if (closedSince !== undefined || now() - probedAt < PROBE_EVERY_MS) return false;
      probedAt = now();
      return true;
    },
    closedMs: () => closedMs + (closedSince === undefined ? 0 : now() - closedSince),
  };
}
