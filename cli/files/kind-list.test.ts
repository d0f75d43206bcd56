import { describe, expect, it } from 'vitest';
import { contract } from '#api/contract.ts';
import { kinds, notAsFiles } from './kind-list.ts';

/** What makes something that is there from then on; runs and the like come and go. */
const creations = contract
  .filter(
    ({ id, method }) => (method === 'POST' && id.endsWith('.create')) || (method === 'PUT' && id.endsWith('.put')),
  )
  .map(({ id }): string => id);

describe('kinds', () => {
  it.each(creations)('%s has an adapter, or a reason why there is none', (id) => {
    const isFiled = kinds.some(({ creates }) => creates === id);
    expect([isFiled, id in notAsFiles].filter(Boolean)).toHaveLength(1);
  });

  it('are of the contract, and so are those without', () => {
    const named = [...kinds.map(({ creates }) => creates), ...Object.keys(notAsFiles)];
    expect(named.filter((id) => !creations.includes(id))).toEqual([]);
  });

  it('come after those that they refer to, each in a folder of its own', () => {
    expect(kinds.map(({ kind }) => kind)).toEqual(['group', 'label', 'connection', 'transfer', 'managed', 'schedule']);
    expect(new Set(kinds.map(({ folder }) => folder)).size).toBe(kinds.length);
  });
});
