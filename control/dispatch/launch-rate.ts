/**
 * How fast attempts are launched at one cluster: a little faster while all is well, half as fast at each sign that it
 * is too much (additive increase, multiplicative decrease). One token is one launch.
 */

const START_PER_S = 10;
const FLOOR_PER_S = 0.5;
const CEILING_PER_S = 50;
const STEP_PER_S = 1;
/** So long all must have been well for one step. */
const STEP_EVERY_MS = 5_000;
/** Signs within so long are one sign: all that were on their way when it became too much will say so. */
const SAME_SIGN_MS = 1_000;
/** A creation that takes longer than this, at the 95th percentile, is a sign. */
const LATENCY_P95_MS_MAX = 1_000;
const LATENCIES_LOOKED_AT = 20;
/** While nobody can say how the cluster is: the last verdict for so long, then so slowly. */
const BLIND_MS_MAX = 60_000;
const BLIND_PER_S = 2;
/** After a start or an outage: a tenth of the rate at first, all of it after so long. */
const RAMP_MS = 60_000;
const RAMP_FROM = 0.1;

export interface LaunchRate {
  /** Launches per second at the moment. */
  readonly perSecond: number;
  /** Launches that may go now. */
  readonly available: number;
  /** Takes up to so many launches; how many may go now. */
  take(wanted: number): number;
  succeeded(latencyMs: number): void;
  /** 429, a failure of the server, a timeout. */
  pushedBack(): void;
  /** Whether what tells how the cluster is could be read. */
  sighted(isReadable: boolean): void;
  /** Begins slowly again. */
  ramp(): void;
}

export function launchRate(now: () => number): LaunchRate {
  let rate = START_PER_S;
  let tokens = 1;
  let filledAt = now();
  let wellSince: number | undefined;
  let halvedAt = Number.NEGATIVE_INFINITY;
  let blindSince: number | undefined;
  let rampSince = Number.NEGATIVE_INFINITY;
  let latencies: number[] = [];

  const perSecond = (): number => {
    const isBlind = blindSince !== undefined && now() - blindSince > BLIND_MS_MAX;
    const ramped = Math.min(1, RAMP_FROM + ((1 - RAMP_FROM) * (now() - rampSince)) / RAMP_MS);
    return Math.max(FLOOR_PER_S, Math.min(rate * ramped, isBlind ? BLIND_PER_S : CEILING_PER_S));
  };
  const fill = (): void => {
    // At most what one second gives, so that a quiet hour is not followed by a stampede.
    tokens = Math.min(Math.max(1, perSecond()), tokens + ((now() - filledAt) / 1000) * perSecond());
    filledAt = now();
  };
  const halve = (): void => {
    wellSince = undefined;
    latencies = [];
    if (now() - halvedAt < SAME_SIGN_MS) return;
    halvedAt = now();
    rate = Math.max(FLOOR_PER_S, rate / 2);
  };
  return {
    get perSecond() {
      return perSecond();
    },
    get available() {
      fill();
      return Math.floor(tokens);
    },
    take(wanted) {
      fill();
      const taken = Math.min(wanted, Math.floor(tokens));
      tokens -= taken;
      return taken;
    },
    succeeded(latencyMs) {
      latencies.push(latencyMs);
      if (latencies.length === LATENCIES_LOOKED_AT) {
        const slow = latencies.filter((each) => each > LATENCY_P95_MS_MAX).length;
        latencies = [];
        if (slow / LATENCIES_LOOKED_AT > 0.05) return halve();
      }
      wellSince ??= now();
      if (now() - wellSince < STEP_EVERY_MS) return;
      wellSince = now();
      rate = Math.min(CEILING_PER_S, rate + STEP_PER_S);
    },
    pushedBack: halve,
    sighted(isReadable) {
      blindSince = isReadable ? undefined : (blindSince ?? now());
    },
    ramp() {
      rampSince = now();
      tokens = Math.min(tokens, 1);
    },
  };
}
