import { describe, expect, it } from 'vitest';
import type { Observed } from '#control/dispatch/executors/executor.ts';
import { observedFailure } from './failure-classes.ts';

const ended: Observed = {
  name: 'r-1-a1',
  ref: 'object-1',
  identity: undefined,
  phase: 'ended',
  reason: 'exited',
  isBeingDeleted: false,
};

describe('observedFailure()', () => {
  // A process that had the permit may have used it before it ended, however it ended.
  it.each<Partial<Observed>>([
    { exitCode: 0 },
    { exitCode: 1 },
    { exitCode: 2 },
    { exitCode: 75 },
    { exitCode: 87 },
    { exitCode: 88 },
    { exitCode: 130 },
    { exitCode: 137 },
    { exitCode: 143 },
    { signal: 'SIGSEGV' },
    {},
    { reason: 'deadline' },
    { reason: 'disrupted' },
    { reason: 'evicted' },
    { reason: 'node_lost' },
    { reason: 'oom' },
  ])('leaves in doubt what became visible of a claimed run: %j', (seen) => {
    expect(observedFailure({ ...ended, ...seen }, true)).toMatchObject({ doubt: 'silent' });
  });
});
