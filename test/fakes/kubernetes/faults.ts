/** What goes wrong at the fake API server: rules of a test, drawn from a seed, and the log of what they did. */
import type { Resource } from './object-store.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete' | 'log';

export type Fault =
  | { readonly kind: 'latency'; readonly ms: number }
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterS?: number; readonly reason?: string }
  /** The connection is torn down, before or after it was done. */
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  /** The connection stays, half open, and nothing comes any more. */
  | { readonly kind: 'hang'; readonly when: 'before' | 'after' }
  /** A LIST shows what was true so many changes ago. */
  | { readonly kind: 'old-snapshot'; readonly version: number }
  /** Of a watch: this share of the events is lost. */
  | { readonly kind: 'drop-events'; readonly share: number }
  /** Of a watch: connected, and nothing ever comes, not even its end. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'no-bookmarks' }
  /** Of a watch: "too old", at once as a status, or after a while within the stream. */
  | { readonly kind: 'gone'; readonly as: 'status' }
  | { readonly kind: 'gone'; readonly as: 'event'; readonly afterMs: number };

export interface FaultRule {
  readonly verbs?: readonly Verb[];
  readonly resources?: readonly Resource[];
  /** Of the requests that match; all of them without it. */
  readonly share?: number;
  /** So often at most. */
  readonly times?: number;
  readonly fault: Fault;
}

export interface FaultMade {
  readonly at: number;
  readonly verb: Verb;
  readonly resource: Resource;
  readonly name: string | undefined;
  readonly fault: Fault;
}

export interface Faults {
  /** Adds a rule; the answer takes it away. */
  add(rule: FaultRule): () => void;
  clear(): void;
  readonly made: readonly FaultMade[];
  drawFor(request: Omit<FaultMade, 'at' | 'fault'>): readonly Fault[];
  /** From the seed, below 1. */
  random(): number;
}

export function faults(seed: number, now: () => number): Faults {
  const rules = new Set<{ rule: FaultRule; left: number }>();
  const made: FaultMade[] = [];
  const random = seeded(seed);
  return {
    made,
    random,
    add(rule) {
      const entry = { rule, left: rule.times ?? Number.POSITIVE_INFINITY };
      rules.add(entry);
      return () => rules.delete(entry);
    },
    clear: () => rules.clear(),
    drawFor(request) {
      const drawn: Fault[] = [];
      for (const entry of rules) {
        const { verbs, resources, share = 1, fault } = entry.rule;
        if (verbs?.includes(request.verb) === false || resources?.includes(request.resource) === false) continue;
        if (entry.left <= 0 || (share < 1 && random() >= share)) continue;
        entry.left -= 1;
        drawn.push(fault);
        made.push({ at: now(), ...request, fault });
      }
      return drawn;
    },
  };
}

/** The same numbers for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
