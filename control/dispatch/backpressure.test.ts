import { describe, expect, it } from 'vitest';
import { clusterPressure, machinePressure } from './backpressure.ts';

const counts =
  (planned: number, live = planned) =>
  () =>
    Promise.resolve({ planned, live });

describe('machinePressure()', () => {
  const cases = [
    { what: 'enough of everything', freeMb: 4000, load: 3, live: 50, capacity: Infinity },
    { what: 'no memory, and runs are live', freeMb: 100, load: 0, live: 3, capacity: 0 },
    { what: 'no memory, and none is live', freeMb: 100, load: 0, live: 0, capacity: 1 },
    { what: 'a load of others, and none is live', freeMb: 4000, load: 99, live: 0, capacity: 2 },
    { what: 'a load, and one run per core is live', freeMb: 4000, load: 5, live: 2, capacity: 0 },
    { what: 'no memory and a load', freeMb: 100, load: 99, live: 0, capacity: 1 },
  ];
  it.each(cases)('lets $capacity go with $what', async ({ freeMb, load, live, capacity }) => {
    const pressure = machinePressure({ freeMb: () => freeMb, load: () => load, cores: 2 });
    expect(await pressure.capacity(counts(0, live))).toBe(capacity);
    expect(pressure.reason === undefined).toBe(capacity === Infinity);
    expect(pressure.launches).toBe(Infinity);
  });
});

describe('clusterPressure()', () => {
  function cluster() {
    const state = { now: 0, isDown: false, probes: 0 };
    const probe = async (): Promise<void> => {
      state.probes += 1;
      if (state.isDown) throw new Error('no answer');
    };
    const pressure = clusterPressure({ probe, now: () => state.now });
    const fail = (times: number): void => {
      for (let i = 0; i < times; i++) {
        state.now += 3000;
        pressure.outcome('unavailable', 10);
      }
    };
    return { state, pressure, fail };
  }

  it('lets go what can be launched within a second, without what waits for that', async () => {
    const { state, pressure } = cluster();
    expect(await pressure.capacity(counts(0))).toBe(1);
    state.now += 60_000;
    expect(await pressure.capacity(counts(0))).toBe(10);
    expect(await pressure.capacity(counts(7))).toBe(3);
    expect(await pressure.capacity(counts(12))).toBe(0);
  });

  it('launches by the rate, of which only what went is taken', () => {
    const { state, pressure } = cluster();
    state.now += 60_000;
    expect(pressure.launches).toBe(10);
    expect(pressure.launches).toBe(10);
    pressure.take(4);
    expect(pressure.launches).toBe(6);
  });

  it('stops when the cluster is down, probes now and then, and begins slowly again', async () => {
    const { state, pressure, fail } = cluster();
    state.now += 60_000;
    state.isDown = true;
    fail(5);
    expect(pressure.launches).toBe(0);
    expect(pressure.reason).toBe('the cluster does not answer');
    expect(await pressure.capacity(counts(0))).toBe(0);
    expect(state.probes).toBe(0);
    state.now += 5000;
    expect(await pressure.capacity(counts(0))).toBe(0);
    expect(state.probes).toBe(1);
    state.isDown = false;
    expect(await pressure.capacity(counts(0))).toBe(0);
    state.now += 5000;
    expect(await pressure.capacity(counts(0))).toBe(1);
    expect(state.probes).toBe(2);
    expect(pressure.reason).toBeUndefined();
  });

  it('does not take a refusal for an outage', async () => {
    const { state, pressure } = cluster();
    for (let i = 0; i < 30; i++) {
      state.now += 1000;
      pressure.outcome('refused', 10);
      pressure.outcome('throttled', 10);
    }
    expect(await pressure.capacity(counts(0))).toBe(1);
  });
});
