/** A table of every type goes from each system to each: it comes back as it was, or as the list of losses says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { peers, systems } from './all-peers.ts';
import { configInput, recordsAt, recordsOf, succeed } from './jobs.ts';
import type { Row } from './jobs.ts';
import type { Peer } from './peer.ts';
import { tortureColumns, tortureRows } from './torture.ts';

const here = peers.filter(({ missing }) => missing === '');
const started = new Map<string, Peer>();
let original: readonly Row[] = [];

/** What is left of the rows when they have been in the peers. */
function expected(rows: readonly Row[], ...path: readonly Peer[]): readonly Row[] {
  const losses = path.flatMap((peer) => peer.losses ?? []);
  return rows.map((row) =>
    losses.reduce<Row>((kept, { column, becomes }) => ({ ...kept, [column]: becomes(kept[column]) }), row),
  );
}

describe('round trips of a table of every type', () => {
  beforeAll(async () => {
    await Promise.all(here.map(async ({ name, start }) => started.set(name, await start())));
    original = await recordsOf(configInput(tortureColumns, tortureRows));
  });
  afterAll(() => Promise.all([...started.values()].map((peer) => peer[Symbol.asyncDispose]())));

  it('have a peer for every system of the catalogue', () => {
    expect(peers.map(({ name }) => name).sort()).toEqual([...systems()].sort());
  });

  // The runner of the tests takes a skipped one for a failure where nothing may be missing.
  it.for(peers)('speak to $name', ({ missing }, { skip }) => {
    if (missing !== '') skip(missing);
  });

  it.each(here.map(({ name }) => name))('into %s and back', async (name) => {
    const peer = started.get(name);
    if (peer?.out === undefined || peer.in === undefined) return;
    await succeed(configInput(tortureColumns, tortureRows), peer.out('torture'));
    const rows = await recordsAt(peer, 'torture', tortureColumns);
    expect(rows).toEqual(expected(original, peer));
    expect(await peer.leftovers()).toEqual([]);
  });

  const writers = here.map(({ name }) => name);
  it.each(writers.flatMap((from) => writers.map((to): [string, string] => [from, to])))(
    'from %s to %s',
    async (from, to) => {
      const [source, target] = [started.get(from), started.get(to)];
      if (source?.in === undefined || source.out === undefined || target?.out === undefined) return;
      const place = `from_${from}`;
      await succeed(source.in('torture', tortureColumns), target.out(place));
      const rows = await recordsAt(target, place, tortureColumns);
      expect(rows).toEqual(expected(original, source, target));
    },
  );
});
