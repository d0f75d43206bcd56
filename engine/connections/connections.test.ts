import { describe, expect, it } from 'vitest';
import type { Check } from '#spi/connections.ts';
import type { JsonObject } from '#spi/json.ts';
import { runContext } from '#engine/run-context.ts';
import { plugins } from '#test/kit/faulty-connection/plugins.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { listEntries } from './list-entries.ts';
import type { ListRequest } from './list-entries.ts';
import { openConnection } from './open-connection.ts';
import type { OpenConnection } from './open-connection.ts';
import { testConnection } from './test-connection.ts';

const secret = 'a secret/with "quotes"';

async function opened(options: JsonObject = {}): Promise<OpenConnection> {
  const { connection, errors } = await openConnection({ in: { type: 'faulty', ...options } }, 'in', plugins);
  if (connection === undefined) throw errors[0] ?? new Error('it opens');
  return connection;
}

function context(signal: AbortSignal = new AbortController().signal): ReturnType<typeof runContext> {
  return runContext({ log: keptLog().log, signal, transactionTime: new Date(0) });
}

async function checks(options: JsonObject, answerMs = 5000): Promise<Check[]> {
  const found: Check[] = [];
  for await (const check of testConnection(await opened(options), { ctx: context(), answerMs })) found.push(check);
  return found;
}

describe('openConnection()', () => {
  it('takes the options of the connection and leaves the others alone', async () => {
    const { config, secrets } = await opened({ password: secret, table: 5, fails_at: null });
    expect(config).toEqual({ password: secret, manner: 'sound', tables: 50_000 });
    expect(secrets).toContain(secret);
  });

  it.each<[string, JsonObject, string, unknown]>([
    ['no section', {}, 'SECTION_MISSING', undefined],
    ['no mapping', { in: 'faulty' }, 'SECTION_NOT_A_MAPPING', ['in']],
    ['no type', { in: {} }, 'PLUGIN_TYPE_MISSING', ['in']],
    ['another type', { in: { type: 'fualty' } }, 'PLUGIN_UNKNOWN', ['in', 'type']],
    ['a type without a connection', { in: { type: 'bare' } }, 'CONNECTION_NONE', ['in', 'type']],
    ['a wrong option', { in: { type: 'faulty', tables: 'many' } }, 'OPTION_TYPE', ['in', 'tables']],
  ])('tells of %s', async (_, config, code, path) => {
    const [input] = plugins;
    const bare = input === undefined ? [] : [{ ...input, name: 'bare' }];
    const { errors } = await openConnection(config, 'in', [...plugins, ...bare]);
    expect(errors).toMatchObject([{ code, where: path === undefined ? {} : { path } }]);
  });

  it('names the types that have a connection', async () => {
    const [input] = plugins;
    const catalog = input === undefined ? [] : [...plugins, { ...input, name: 'bare' }];
    const { errors } = await openConnection({ in: { type: 'bare' } }, 'in', catalog);
    expect(errors[0]?.hint).toBe('Types that have one: faulty.');
  });
});

describe('testConnection()', () => {
  it('gives each check, without secrets in any form', async () => {
    const found = await checks({ password: secret, fails_at: 'log_in' });
    expect(found.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'resolve passed',
      'connect passed',
      'tls passed',
      'log_in failed',
      'list skipped',
      'read skipped',
      'write skipped',
    ]);
    expect(found[0]?.detail).toBe('It is done with ***.');
    expect(found[3]?.reason).toMatchObject({ code: 'FAULTY_REFUSED', hint: 'Ask the test for ***.' });
    expect(JSON.stringify(found) + String(found[3]?.reason?.message)).not.toContain('with "quotes');
  });

  it.each<[string, JsonObject, string]>([
    ['throws what is none of ours', { password: secret, breaks_at: 'tls' }, 'INTERNAL'],
    ['has no checks', { manner: 'checkless' }, 'CONNECTION_CHECKS'],
    ['does not stop', { manner: 'endless' }, 'CONNECTION_CHECKS'],
  ])('is an error of the plugin that %s', async (_, options, code) => {
    const failure = await checks(options).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    expect(String(failure)).not.toContain(secret);
  });

  it.each(['connector', 'passed', 'skipped', 'connect'])(
    'keeps its own words when the password is %s',
    async (word) => {
      const found = await checks({ password: word, fails_at: 'log_in' });
      expect(found[1]).toMatchObject({ name: 'connect', outcome: 'passed' });
      expect(found[3]).toMatchObject({ reason: { kind: 'connector', code: 'FAULTY_REFUSED' } });
      expect(found[4]).toMatchObject({ outcome: 'skipped' });
    },
  );

  it('lets the plugin close what it has opened when it is left early', async () => {
    let isClosed = false;
    const { connection } = await openConnection({ in: { type: 'faulty' } }, 'in', plugins);
    if (connection === undefined) throw new Error('it opens');
    const loaded = await connection.plugin.load();
    const test = async function* (...args: Parameters<typeof loaded.test>): AsyncGenerator<Check> {
      try {
        yield* loaded.test(...args);
      } finally {
        isClosed = true;
      }
    };
    const watched = { ...connection, plugin: { ...connection.plugin, load: async () => ({ ...loaded, test }) } };
    for await (const check of testConnection(watched, { ctx: context() })) {
      expect(check.name).toBe('resolve');
      break;
    }
    expect(isClosed).toBe(true);
  });

  it('does not wait for a check that answers never', async () => {
    await expect(checks({ hangs_at: 'connect' }, 20)).rejects.toMatchObject({ code: 'CONNECTION_TIMEOUT' });
    const stop = new AbortController();
    const stopped = testConnection(await opened({ hangs_at: 'connect' }), { ctx: context(stop.signal) });
    await stopped.next();
    const pending = stopped.next();
    stop.abort();
    await expect(pending).rejects.toMatchObject({ code: 'CONNECTION_CANCELLED' });
  });
});

describe('listEntries()', () => {
  async function listed(
    options: JsonObject,
    request: Partial<ListRequest> = {},
  ): Promise<{ names: string[]; pages: number; hasMore: boolean }> {
    const names: string[] = [];
    let pages = 0;
    const listing = listEntries(await opened(options), { path: [], ...request }, { ctx: context(), answerMs: 5000 });
    for (;;) {
      const step = await listing.next();
      if (step.done === true) return { names, pages, ...step.value };
      pages += 1;
      names.push(...step.value.map(({ name }) => name));
    }
  }

  it('goes through 50,000 tables page by page', async () => {
    const { names, pages, hasMore } = await listed({});
    expect([names.length, names.at(-1), pages, hasMore]).toEqual([50_000, 'table_049999', 50, false]);
  });

  it.each<[JsonObject, Partial<ListRequest>, number, boolean]>([
    [{}, { limit: 1500 }, 1500, true],
    [{ tables: 1500 }, { limit: 1500 }, 1500, false],
    [{ tables: 0 }, {}, 0, false],
    [{}, { prefix: 'table_00012' }, 10, false],
  ])('%j asked for %j gives %i', async (options, request, count, hasMore) => {
    expect(await listed(options, request)).toMatchObject({ hasMore, names: { length: count } });
  });

  it.each([
    ['circular', 'CONNECTION_PAGES'],
    ['large', 'CONNECTION_PAGES'],
    ['refusing', 'FAULTY_REFUSED'],
  ])('ends with an error when the system is %s', async (manner, code) => {
    const failure = await listed({ manner, password: secret }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    expect(String(failure)).not.toContain(secret);
  });
});
