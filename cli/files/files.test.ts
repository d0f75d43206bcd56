import { mkdtemp, mkdir, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalog } from '#connectors/catalog.ts';
import type { Client } from '#api/client.ts';
import { openSecret } from '#control/secrets/envelope.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { applyPlan } from './apply-plan.ts';
import type { Outcome } from './apply-plan.ts';
import { exportFolder } from './export-folder.ts';
import { fileNames } from './file-name.ts';
import { makePlan } from './plan.ts';
import type { Plan, PlanOptions } from './plan.ts';
import { changing, stepFacts } from './plan-text.ts';
import { readDefinitions } from './read-definitions.ts';
import { ServiceState } from './service-state.ts';

interface Folder extends AsyncDisposable {
  readonly path: string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** All files in it, by their names. */
  read(): Promise<Record<string, string>>;
}

async function folder(files: Readonly<Record<string, string>> = {}): Promise<Folder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'ropeway-files-')));
  const write = async (all: Readonly<Record<string, string>>): Promise<void> => {
    for (const [name, text] of Object.entries(all)) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      await writeFile(join(path, name), text);
    }
  };
  await write(files);
  return {
    path,
    write,
    async read() {
      const names = await readdir(path, { recursive: true, withFileTypes: true });
      const all = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      const texts = all.sort().map(async (file) => [relative(path, file), await readFile(file, 'utf8')] as const);
      return Object.fromEntries(await Promise.all(texts));
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

interface Planned {
  readonly state: ServiceState;
  readonly plan: Plan;
  /** `code file:line:column`. */
  readonly wrong: readonly string[];
}

interface Given extends Partial<PlanOptions> {
  readonly environment?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets?: string;
}

async function planned(client: Client, path: string, given: Given = {}): Promise<Planned> {
  const state = await ServiceState.read(client, catalog);
  const read = await readDefinitions(path, state, given.environment);
  const options = { prune: false, setSecrets: false, places: { env: given.env ?? {}, folder: given.secrets ?? path } };
  const plan = await makePlan(state, read.wanted, { ...options, ...given });
  const wrong = [...read.errors, ...plan.errors].map(({ code, where }) => {
    const place = [where.file === undefined ? '' : relative(path, where.file), where.line, where.column];
    return `${code} ${place.filter((part) => part !== undefined).join(':')}`;
  });
  return { state, plan, wrong };
}

async function applied(
  client: Client,
  path: string,
  given: Given = {},
  signal = new AbortController().signal,
): Promise<Outcome> {
  const { state, plan, wrong } = await planned(client, path, given);
  expect(wrong).toEqual([]);
  return applyPlan(state, plan.steps, { signal, told: () => {} });
}

function actions({ plan }: Planned): readonly string[] {
  return changing(plan).map(({ action, kind, name }) => `${action} ${kind.kind} ${name}`);
}

async function exported(client: Client, path: string, prune = false): Promise<void> {
  await exportFolder(path, await ServiceState.read(client, catalog), { prune });
}

let empty: ControlApi | undefined;
beforeAll(async () => void (empty = await controlApi()));
afterAll(() => empty?.[Symbol.asyncDispose]());

/** For tests that change nothing in the service. */
function shared(): ControlApi {
  if (empty === undefined) throw new Error('not yet');
  return empty;
}

const CANARY = 'correct horse battery staple 8271';

const some = {
  'groups/finance.yml': 'name: Finance\n',
  'connections/warehouse.yml': `name: Warehouse
plugin: postgresql
group: Finance
options:
  database: dwh
  host: db.example.com
  password:
    env: WAREHOUSE_PASSWORD
  user: loader
`,
  'labels/nightly.yml': `name: Nightly
colour: '#102030'
`,
  'managed-transfers/all-tables.yml': `name: All tables
labels:
  - Nightly
connection: Warehouse
path:
  - public
config:
  in:
    type: postgresql
    connection: Warehouse
    table: '{{ table }}'
  out:
    type: stdout
`,
  'schedules/orders.yml': `transfer: Orders
pattern:
  kind: daily
  time: '02:30'
timeZone: Asia/Tokyo
isEnabled: false
variables:
  day: today
catchup: none
`,
  'transfers/orders.yml': `name: Orders
description: Each night.
group: Finance
labels:
  - Nightly
seats: 1
runOptions:
  priority: 7
config:
  # Written by another system.
  in:
    type: file
    path_prefix: "data/orders_"   # one a day
    parser:
      type: csv
      columns:
      - {name: id, type: long}

      - {name: note, type: string}
  out:
    connection: Warehouse
    table: orders
    mode: merge
    after_load: |
      vacuum
        orders
`,
};
const env = { WAREHOUSE_PASSWORD: CANARY };

describe('apply', () => {
  it('makes an empty workspace as the files say; after that there is nothing to do, and an export gives the files', async () => {
    await using api = await controlApi();
    await using files = await folder(some);
    const { client } = api.own;
    expect(actions(await planned(client, files.path, { env }))).toEqual([
      'create group Finance',
      'create label Nightly',
      'create connection Warehouse',
      'create transfer Orders',
      'create managed All tables',
      'create schedule Orders',
    ]);
    expect((await applied(client, files.path, { env })).done).toHaveLength(6);
    const again = await planned(client, files.path);
    expect([again.wrong, again.plan.steps]).toEqual([[], []]);
    await exported(client, files.path);
    expect(await files.read()).toEqual(some);
    await using elsewhere = await folder();
    await exported(client, elsewhere.path);
    expect(await elsewhere.read()).toEqual(some);
    expect(await secretOf(api)).toBe(CANARY);
  });

  it('gives the same bytes from a second workspace', async () => {
    await using api = await controlApi();
    await using files = await folder();
    await fillWithOddNames(api.own.client);
    await exported(api.own.client, files.path);
    await applied(api.other.client, files.path);
    await using second = await folder();
    await exported(api.other.client, second.path);
    expect(await second.read()).toEqual(await files.read());
    expect((await planned(api.other.client, files.path)).plan.steps).toEqual([]);
  });

  it('shows each field that it would change, and changes it in one revision', async () => {
    await using api = await controlApi();
    await using files = await folder(some);
    const { client } = api.own;
    await applied(client, files.path, { env });
    const text = some['transfers/orders.yml']
      .replace('mode: merge', 'mode: replace')
      .replace('priority: 7', 'priority: 2');
    await files.write({ 'transfers/orders.yml': text });
    const { plan } = await planned(client, files.path);
    expect(plan.steps.map(stepFacts)).toMatchObject([
      {
        action: 'change',
        changes: [
          { path: ['runOptions', 'priority'], from: 7, to: 2 },
          { path: ['config', 'out', 'mode'], from: 'merge', to: 'replace' },
        ],
      },
    ]);
    await applied(client, files.path);
    const [{ id } = { id: '' }] = (await client.call('transfers.list')).items;
    expect(await client.call('transfers.get', { params: { id } })).toMatchObject({
      revision: 2,
      runOptions: { priority: 2 },
    });
  });

  it('deletes what it applied once, when asked to, and nothing else', async () => {
    await using api = await controlApi();
    await using files = await folder(some);
    const { client } = api.own;
    await applied(client, files.path, { env });
    await client.call('groups.create', { body: { name: 'By hand' } });
    for (const name of Object.keys(some)) await rm(join(files.path, name));
    expect(actions(await planned(client, files.path))).toEqual([]);
    const pruned = await planned(client, files.path, { prune: true });
    expect(actions(pruned)).toEqual([
      'delete schedule Orders',
      'delete managed All tables',
      'delete transfer Orders',
      'delete connection Warehouse',
      'delete label Nightly',
      'delete group Finance',
    ]);
    expect(pruned.plan.unfiled).toEqual([{ kind: 'group', name: 'By hand' }]);
    await applied(client, files.path, { prune: true });
    expect((await client.call('groups.list')).items.map(({ name }) => name)).toEqual(['By hand']);
  });

  it('goes on where it was cut short', async () => {
    await using api = await controlApi();
    await using files = await folder(some);
    const { client } = api.own;
    const { state, plan } = await planned(client, files.path, { env });
    const stop = new AbortController();
    const outcome = await applyPlan(state, plan.steps, { signal: stop.signal, told: () => stop.abort() });
    expect([outcome.done.length, outcome.left.length]).toEqual([1, 5]);
    expect(outcome.errors.map(({ code }) => code)).toEqual(['APPLY_STOPPED']);
    await applied(client, files.path, { env });
    expect((await planned(client, files.path)).plan.steps).toEqual([]);
  });

  it('takes its own change that it could not remember for no change made elsewhere', async () => {
    await using api = await controlApi();
    await using files = await folder(some);
    const { client } = api.own;
    await applied(client, files.path, { env });
    const changed = (mode: string): Record<string, string> => ({
      'transfers/orders.yml': some['transfers/orders.yml'].replace('mode: merge', `mode: ${mode}`),
    });
    await files.write(changed('replace'));
    let puts = 0;
    const call: Client['call'] = async (id, ...rest) => {
      puts += id === 'applied.put' ? 1 : 0;
      // The first announces the change, the second remembers it.
      if (puts === 2) throw new Error('killed');
      return client.call(id, ...rest);
    };
    await expect(applied({ ...client, call }, files.path)).rejects.toThrow('killed');
    await files.write(changed('truncate_insert'));
    expect((await planned(client, files.path)).plan.steps.map(({ action, drift }) => [action, drift])).toEqual([
      ['change', 'none'],
    ]);
  });

  it('sees what somebody changed in the service', async () => {
    await using api = await controlApi();
    await using files = await folder(some);
    const { client } = api.own;
    await applied(client, files.path, { env });
    const [transfer] = (await client.call('transfers.list')).items;
    const call = { params: { id: transfer?.id ?? '' }, body: { description: 'Mine.' }, ifMatch: '*' };
    await client.call('transfers.update', call);
    const { plan } = await planned(client, files.path);
    expect(plan.steps.map(({ action, drift }) => [action, drift])).toEqual([['change', 'changed']]);
    await exported(client, files.path);
    expect((await planned(client, files.path)).plan.steps.map(({ action }) => action)).toEqual(['remember']);
  });

  it('stops at what the service refuses, and says it at the line of the file', async () => {
    await using api = await controlApi();
    await using files = await folder({ ...some, 'groups/other.yml': 'name: Other\n' });
    const { client } = api.own;
    const { state, plan } = await planned(client, files.path, { env });
    await client.call('groups.create', { body: { name: 'Other' } });
    const outcome = await applyPlan(state, plan.steps, { signal: new AbortController().signal, told: () => {} });
    expect([outcome.done.length, outcome.left.length]).toEqual([1, 6]);
    expect(outcome.errors.map(({ code, where, message }) => [code, where.line, message])).toMatchObject([
      ['DEFINITION_FIELD', 1, 'name: "Other" is taken'],
      ['APPLY_STOPPED', undefined, expect.stringContaining("Done: group 'Finance'")],
    ]);
  });
});

async function fillWithOddNames(client: Client): Promise<void> {
  const config = { in: { type: 'file', path_prefix: 'a' }, out: { type: 'stdout' } };
  for (const name of oddNames) {
    const { id } = await client.call('groups.create', { body: { name } });
    await client.call('transfers.create', {
      body: { name, description: `${name}\n# no comment\n`, groupId: id, config },
    });
  }
}

const oddNames = [
  'a/b',
  'A/B',
  'a b',
  '../../etc/passwd',
  '..',
  '.',
  '-',
  'con',
  'Café',
  'Cafe\u0301',
  '売上 (月次)',
  '\u{1f600}',
  'yes',
  '2026-01-31',
  "it's: {{ a }} # not",
  'x'.repeat(200),
  `${'漢'.repeat(199)}a`,
  `${'漢'.repeat(199)}b`,
  '\u202eevil',
];

const configs: [string, string][] = [
  ['directives and markers', '%YAML 1.1\n---\nin: {type: file, path_prefix: a}\nout: {type: stdout}\n...\n'],
  ['Windows line ends', 'in:\r\n  type: file # here\r\n  path_prefix: a\r\nout: {type: stdout}\r\n'],
  ['no line end', 'in: {type: file, path_prefix: a}\nout: {type: stdout}'],
  [
    'a block with empty lines at its end',
    'in: {type: file, path_prefix: a}\nout:\n  type: stdout\n  x: |+\n    a\n\n\n',
  ],
  ['anchors', 'exec: &e {max_threads: 1}\nin: {type: file, path_prefix: a, b: *e}\nout: {type: stdout}\n'],
  ['a comment at its end', 'in: {type: file, path_prefix: a}\nout:\n  type: stdout\n# the end\n'],
  [
    'texts over several lines',
    'in: {type: file, path_prefix: "a\n  b"}\nout:\n  type: stdout\n  sql: select 1\n   from a\n',
  ],
  ['one flow', '{in: {type: file, path_prefix: a}, out: {type: stdout}}\n'],
  [
    'words that other rules read otherwise',
    'in: {type: file, path_prefix: yes, a: 2026-01-31, b: 0o7}\nout: {type: stdout}\n',
  ],
];

describe('configurations', () => {
  it.each(configs)('keep their meaning over export and apply: %s', async (_, yaml) => {
    await using api = await controlApi();
    await using files = await folder();
    const { client } = api.own;
    const yamlDialect = yaml.includes('yes') ? '0.11.3' : '0.11.5';
    const made = await client.call('transfers.create', { body: { name: 'T', yaml, yamlDialect } });
    await exported(client, files.path);
    expect((await planned(client, files.path)).plan.steps.map(({ action }) => action)).toEqual(['remember']);
    await applied(api.other.client, files.path);
    const [copy] = (await api.other.client.call('transfers.list')).items;
    const found = await api.other.client.call('transfers.get', { params: { id: copy?.id ?? '' } });
    expect(found.config).toEqual(made.config);
    await using second = await folder();
    await exported(api.other.client, second.path);
    expect(await second.read()).toEqual(await files.read());
  });
});

describe('fileNames()', () => {
  it('gives each a name that no file system takes for another one', () => {
    const names = [...fileNames(oddNames).values()];
    const folded = names.map((name) => name.normalize('NFD').toLowerCase());
    expect(new Set(folded).size).toBe(oddNames.length);
    for (const name of names) {
      expect(name).toMatch(/^[\p{L}\p{M}\p{N}-]+\.yml$/u);
      expect(Buffer.byteLength(name)).toBeLessThan(200);
    }
    expect(fileNames(['Orders of the Day']).get('Orders of the Day')).toBe('orders-of-the-day.yml');
  });
});

async function secretOf({ store, keys }: ControlApi): Promise<unknown> {
  const row = await store.db.selectFrom('connection').select(['id', 'secrets']).executeTakeFirstOrThrow();
  return openSecret(keys, { connectionId: row.id, path: 'password' }, row.secrets['password'] ?? '');
}

describe('secrets', () => {
  it('are in no file, plan or memory; without a reference they stay; another place sends them again', async () => {
    await using api = await controlApi();
    await using files = await folder(some);
    const { client } = api.own;
    await applied(client, files.path, { env });
    const without = some['connections/warehouse.yml'].replace(/ {2}password:\n.*\n/, '').replace('dwh', 'other');
    await files.write({ 'connections/warehouse.yml': without });
    await applied(client, files.path);
    expect(await secretOf(api)).toBe(CANARY);
    const moved = some['connections/warehouse.yml'].replace('env: WAREHOUSE_PASSWORD', 'file: keys/warehouse');
    await files.write({ 'connections/warehouse.yml': moved, 'keys/warehouse': 'another one\n' });
    await applied(client, files.path);
    expect((await planned(client, files.path)).plan.steps).toEqual([]);
    // The version before had no reference, so nothing is known to have moved.
    expect(await secretOf(api)).toBe(CANARY);
    await applied(client, files.path, { setSecrets: true });
    expect(await secretOf(api)).toBe('another one');
    await files.write({ 'connections/warehouse.yml': some['connections/warehouse.yml'] });
    const back = await planned(client, files.path, { env });
    expect(JSON.stringify(back.plan.steps.map(stepFacts))).not.toContain(CANARY);
    await applied(client, files.path, { env });
    expect(await secretOf(api)).toBe(CANARY);
    await exported(client, files.path);
    const texts = {
      ...(await files.read()),
      applied: JSON.stringify(await client.call('applied.list')),
      log: api.log.join(),
    };
    for (const [name, text] of Object.entries(texts)) expect(text.includes(CANARY), name).toBe(false);
  });

  const refused = [
    ['a value', 'password: hunter2', 'DEFINITION_SECRET connections/w.yml:5:13'],
    ['a variable that is not set', 'password: { env: NOTHING }', 'SECRET_UNRESOLVED connections/w.yml:5:3'],
    ['a file above', 'password: { file: ../outside }', 'SECRET_UNRESOLVED connections/w.yml:5:3'],
    ['a file from the top', 'password: { file: /etc/hostname }', 'SECRET_UNRESOLVED connections/w.yml:5:3'],
    ['a link that leads out', 'password: { file: link }', 'SECRET_UNRESOLVED connections/w.yml:5:3'],
    ['both', 'password: { env: A, file: B }', 'DEFINITION_SECRET connections/w.yml:5:3'],
  ];
  it.each(refused)('refuses %s', async (_, option = '', wrong = '') => {
    const api = shared();
    await using files = await folder({
      'connections/w.yml': `name: W\nplugin: postgresql\noptions:\n  host: h\n  ${option}\n  user: u\n  database: d\n`,
    });
    await symlink('/etc/hostname', join(files.path, 'link'));
    const found = await planned(api.own.client, files.path);
    expect(found.wrong).toEqual([wrong]);
    expect(JSON.stringify(found.plan.errors.map(({ message, hint }) => [message, hint]))).not.toContain('hunter2');
  });
});

const bomb = `name: B\nconfig:\n  a: &a [x,x,x,x,x,x,x,x,x,x]\n${['b', 'c', 'd', 'e', 'f', 'g']
  .map((name, at) => `  ${name}: &${name} [${Array(10).fill(`*${'abcdef'[at]}`).join(',')}]\n`)
  .join('')}`;

describe('files that are wrong', () => {
  const wrong: [string, Record<string, string>, string[]][] = [
    ['no YAML', { 'groups/a.yml': 'name: [' }, ['YAML_SYNTAX groups/a.yml:1:8']],
    ['aliases that multiply', { 'transfers/a.yml': bomb }, ['YAML_TOO_MANY_NODES transfers/a.yml:3:22']],
    ['a key that is there twice', { 'groups/a.yml': 'name: A\nname: B\n' }, ['YAML_KEY_REPEATED groups/a.yml:2:1']],
    ['ten megabytes', { 'groups/a.yml': `name: ${'a'.repeat(10_000_000)}` }, ['DEFINITION_TOO_LARGE groups/a.yml']],
    ['deep brackets', { 'groups/a.yml': `name: ${'['.repeat(20_000)}` }, ['YAML_TOO_DEEP groups/a.yml']],
    ['a list', { 'groups/a.yml': '- a\n' }, ['YAML_NOT_A_MAPPING groups/a.yml:1:1']],
    ['an unknown field', { 'groups/a.yml': 'name: A\ncolour: red\n' }, ['DEFINITION_FIELD groups/a.yml:2:9']],
    ['no name', { 'groups/a.yml': '{}' }, ['DEFINITION_FIELD groups/a.yml:1:1']],
    [
      'a name twice',
      { 'groups/a.yml': 'name: A', 'groups/b.yml': 'name: A' },
      ['DEFINITION_NAME_TWICE groups/b.yml:1:7'],
    ],
    ['no YAML by its name', { 'groups/a.txt': 'name: A' }, ['DEFINITION_NOT_A_FILE groups/a.txt']],
    [
      'several things at once',
      {
        'connections/c.yml': 'name: C\nplugin: nothing\n',
        'transfers/t.yml':
          'name: T\ngroup: Nowhere\nconfig:\n  in: { connection: Gone }\n  out: {}\n  filters: [{ type: mask }]\n',
      },
      [
        'DEFINITION_PLUGIN connections/c.yml:2:9',
        'DEFINITION_REFERENCE transfers/t.yml:2:8',
        'DEFINITION_REFERENCE transfers/t.yml:4:21',
        'DEFINITION_FIELD transfers/t.yml:5:3',
      ],
    ],
    [
      'a secret in a configuration',
      { 'transfers/t.yml': 'name: T\nconfig:\n  in: { type: postgresql, password: x }\n  out: { type: stdout }\n' },
      ['DEFINITION_SECRET_INLINE transfers/t.yml:3:37'],
    ],
  ];
  it.each(wrong)('are refused with their places: %s', async (_, files, expected) => {
    await using there = await folder(files);
    const found = (await planned(shared().own.client, there.path)).wrong;
    // How deep a parser goes depends on what called it.
    expect(found.map((each) => (each.startsWith('YAML_TOO_DEEP') ? each.replace(/:.*/, '') : each))).toEqual(expected);
  });

  it('links are not followed, whether they are files or folders', async () => {
    await using api = await controlApi();
    await using outside = await folder({ 'secret.yml': 'name: Stolen\n' });
    await using files = await folder({ 'groups/a.yml': 'name: A\n' });
    await symlink(join(outside.path, 'secret.yml'), join(files.path, 'groups/b.yml'));
    expect((await planned(api.own.client, files.path)).wrong).toEqual(['DEFINITION_NOT_A_FILE groups/b.yml']);
    await symlink(outside.path, join(files.path, 'transfers'));
    await expect(planned(api.own.client, files.path)).rejects.toMatchObject({ code: 'DEFINITIONS_FOLDER' });
    await expect(exported(api.own.client, files.path)).rejects.toMatchObject({ code: 'DEFINITION_NOT_A_FILE' });
    expect(await outside.read()).toEqual({ 'secret.yml': 'name: Stolen\n' });
  });
});

describe('environments', () => {
  const production = `name: Warehouse of production
plugin: postgresql
group: Finance
options: { database: dwh, host: prod.example.com, user: loader }
`;
  const all = {
    ...some,
    'connections/production.yml': production,
    'environments/production.yml': 'connections:\n  Warehouse: Warehouse of production\nschedules: on\n',
  };

  it('put other connections in the place of those that files name', async () => {
    await using api = await controlApi();
    await using files = await folder(all);
    const { client } = api.own;
    const given = { environment: 'production' };
    expect(actions(await planned(client, files.path, given))).toEqual([
      'create group Finance',
      'create label Nightly',
      'create connection Warehouse of production',
      'create transfer Orders',
      'create managed All tables',
      'create schedule Orders',
    ]);
    await applied(client, files.path, given);
    expect((await planned(client, files.path, given)).plan.steps).toEqual([]);
    expect((await client.call('schedules.list')).items.map(({ isEnabled }) => isEnabled)).toEqual([true]);
  });

  const wrong = [
    ['no such environment', '../groups/finance', 'ENVIRONMENT_UNKNOWN '],
    ['a name that is not there', 'typo', 'ENVIRONMENT_NAME environments/typo.yml:2:14'],
  ];
  it.each(wrong)('are refused: %s', async (_, environment = '', expected = '') => {
    const api = shared();
    await using files = await folder({ ...all, 'environments/typo.yml': 'connections:\n  Warehouse: Gone\n' });
    expect((await planned(api.own.client, files.path, { environment, env })).wrong).toContain(expected);
  });
});
