/** The proof on a small scale; `npm run proof:kill` is the large one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresMissing, postgresServer } from '#test/kit/postgres-server.ts';
import type { PostgresServer } from '#test/kit/postgres-server.ts';
import { proveKills } from './kill-proof.ts';

let server: PostgresServer;

describe.skipIf(postgresMissing !== '')(`proveKills()${postgresMissing}`, () => {
  beforeAll(async () => {
    server = await postgresServer();
  }, 60_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it.each(['replace', 'merge'] as const)(
    '%s: old rows or new ones, whenever the run is killed',
    async (mode) => {
      const proof = await proveKills(server, { mode, rows: 50_000, kills: 3, seed: 7 });
      expect(proof.kills).toBe(3);
      expect(proof.looks).toBeGreaterThan(10);
    },
    120_000,
  );
});
