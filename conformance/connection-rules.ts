/** What must hold for connections. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { checkNames } from '#spi/connections.ts';
import type { Check } from '#spi/connections.ts';
import type { JsonObject } from '#spi/json.ts';
import type { AnyPlugin } from '#spi/plugin.ts';
import { noCase, settles } from './record-rules.ts';
import { assertSilent, hasSecrets, markedConfig } from './secret-marks.ts';
import { assertPlainJson, jsonSchemaOf, leaveOut } from './subject.ts';
import type { SchemaNode, Subject } from './subject.ts';
import type { Rule } from './suite.ts';

export const connectionRules: readonly Rule[] = [
  {
    title: 'is named as an input or output, and has no option that is not one of theirs',
    async check(subject) {
      const owners = ownersOf(subject);
      assert.ok(owners.length > 0, `there is an input or output '${subject.plugin.name}'`);
      const schemas = await Promise.all(owners.map(async (owner) => jsonSchemaOf(await owner.config())));
      const strange: string[] = [];
      for (const [name, option] of Object.entries((await subject.jsonSchema()).properties ?? {})) {
        const isTheirs = schemas.some(({ properties }) => isSame(properties?.[name], option));
        if (!isTheirs) strange.push(name);
      }
      assert.deepEqual(strange, [], 'options that the input and the output do not have, or have otherwise');
    },
  },
  {
    title: 'tells of a server that does not answer, and never throws for it',
    async check(subject) {
      const over = await unreachable(subject);
      if (over === undefined) leaveOut('It has no `host`, `port`, `endpoint` or `url`, and the case says no `server`.');
      const checks = await checksOf(subject, await subject.config(over));
      assert.ok(
        checks.some(({ outcome }) => outcome === 'failed'),
        'no check failed',
      );
    },
  },
  {
    title: 'gives its checks in order, and none after one that failed but as skipped',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      const checks = await checksOf(subject, await subject.config());
      assert.ok(
        checks.some(({ outcome }) => outcome === 'passed'),
        'no check passed with the config of the case',
      );
    },
  },
  {
    title: 'lists in pages of at most the size asked for, each name once, and by the beginning of names',
    async check(subject) {
      if (subject.given?.config === undefined) leaveOut(noCase);
      const names = await listed(subject, 1000);
      assert.deepEqual(await listed(subject, 1), names, 'pages of one');
      assert.equal(new Set(names).size, names.length, 'a name is there twice');
      const [first] = names;
      if (first === undefined) leaveOut('The case leads to nothing that could be listed.');
      const begun = names.filter((name) => name.startsWith(first));
      assert.deepEqual(await listed(subject, 1000, first), begun, `names that begin with ${first}`);
    },
  },
  {
    title: 'stops within a second when it is told to',
    async check(subject) {
      const config = await subject.config((await unreachable(subject)) ?? {});
      subject.stop.abort();
      await settles(() => checksOf(subject, config));
    },
  },
  {
    title: 'tells no secret',
    async check(subject) {
      if (!(await hasSecrets(subject))) leaveOut('It has no secrets.');
      const over = await unreachable(subject);
      if (over === undefined && subject.given?.config === undefined) leaveOut(noCase);
      const config = { ...(await markedConfig(subject)), ...over };
      const connection = await subject.load('connection');
      for await (const check of connection.test(config, subject.context())) {
        assertSilent(subject, check.reason ?? null);
        assertSilent(subject, { ...check, reason: undefined });
      }
      const request = { path: [], limit: 1 };
      assertSilent(
        subject,
        await connection.browse(config, request, subject.context()).catch((error: unknown) => error),
      );
    },
  },
];

/** The inputs and outputs of its name. */
function ownersOf({ plugin, catalog }: Subject): readonly AnyPlugin[] {
  const kinds = ['input', 'file_input', 'output', 'file_output'];
  return catalog.filter(({ kind, name }) => name === plugin.name && kinds.includes(kind));
}

/**
 * The same values: words may differ with the direction, and a connection may do without what a job needs, which makes
 * another default.
 */
function isSame(theirs: SchemaNode | undefined, own: SchemaNode): boolean {
  return theirs !== undefined && JSON.stringify(wordless(theirs)) === JSON.stringify(wordless(own));
}

/** Variables stand in configurations of runs, not in saved connections: there no option is open to them. */
const wordKeys: ReadonlySet<string> = new Set(
  'title description examples default x-advanced x-group x-variables'.split(' '),
);

/** A schema without its words. Below `properties` are names of options, which may be called like words. */
function wordless(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(wordless);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key]) => !wordKeys.has(key));
  return Object.fromEntries(
    kept.map(([key, value]: [string, unknown]) => [key, key === 'properties' ? wordlessEach(value) : wordless(value)]),
  );
}

function wordlessEach(options: unknown): unknown {
  if (typeof options !== 'object' || options === null) return options;
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, wordless(option)]));
}

/** Settings that lead to a port of this machine where nobody listens; undefined for what has no server. */
async function unreachable(subject: Subject): Promise<JsonObject | undefined> {
  const { properties = {} } = await subject.jsonSchema();
  const port = await closedPort();
  const { server } = subject.given ?? {};
  if (server !== undefined) return server(port);
  const url = `http://127.0.0.1:${port}/`;
  const settings: JsonObject = {
    ...('host' in properties ? { host: '127.0.0.1' } : {}),
    ...('port' in properties ? { port } : {}),
    ...('endpoint' in properties ? { endpoint: url } : {}),
    ...('url' in properties ? { url } : {}),
  };
  return Object.keys(settings).length === 0 ? undefined : settings;
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo; // of a server that listens on TCP
  await new Promise((done) => server.close(done));
  return port;
}

async function checksOf(subject: Subject, config: JsonObject): Promise<readonly Check[]> {
  const connection = await subject.load('connection');
  const checks: Check[] = [];
  for await (const check of connection.test(config, subject.context())) {
    checks.push(check);
    const { reason, ...plain } = check;
    assertPlainJson(plain, 'a check');
    assert.equal(reason !== undefined, check.outcome === 'failed', `${check.name} has a reason when it failed`);
    assert.ok(check.detail.length > 0, `${check.name} says something`);
    assert.ok(checks.length <= checkNames.length, 'there are more checks than names of checks');
  }
  const places = checks.map(({ name }) => checkNames.indexOf(name));
  assert.deepEqual(
    places,
    [...new Set(places)].sort((a, b) => a - b),
    'checks come in their order, each once',
  );
  const failedAt = checks.findIndex(({ outcome }) => outcome === 'failed');
  const behind = failedAt < 0 ? [] : checks.slice(failedAt + 1);
  assert.ok(
    behind.every(({ outcome }) => outcome === 'skipped'),
    'nothing is tried after a failure',
  );
  return checks;
}

/** Listings of a rule are short. */
const PAGES_MAX = 5000;

async function listed(subject: Subject, limit: number, prefix?: string): Promise<string[]> {
  const connection = await subject.load('connection');
  const config = await subject.config();
  const names: string[] = [];
  let after: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const request = {
      path: [],
      limit,
      ...(after === undefined ? {} : { after }),
      ...(prefix === undefined ? {} : { prefix }),
    };
    const { entries, next } = await connection.browse(config, request, subject.context());
    assertPlainJson(entries, 'a page');
    assert.ok(entries.length <= limit, `a page has ${entries.length} entries where ${limit} were asked for`);
    names.push(...entries.map(({ name }) => name));
    if (next === undefined) return names;
    after = next;
  }
  throw new Error(`A listing has more than ${PAGES_MAX} pages.`);
}
