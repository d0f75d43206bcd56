import { describe, expect, it } from 'vitest';
import { workOrder } from '#api/runner.ts';
import { freezeWork, withVariables } from './freeze-work.ts';
import type { WorkToFreeze } from './freeze-work.ts';

const warehouse = {
  id: '01hzzzzzzzzzzzzzzzzzzzzzz1',
  name: 'warehouse',
  plugin: 'postgresql',
  options: { host: 'db', user: 'loader' },
  accountKey: 'postgresql:host=db;user=loader',
};
// Another name of the same account.
const replica = { ...warehouse, id: '01hzzzzzzzzzzzzzzzzzzzzzz2', name: 'replica' };

const given: WorkToFreeze = {
  kind: 'transfer',
  workspaceId: 'w',
  groupId: 'g',
  definitionId: 'd',
  lane: 'batch',
  config: {
    in: { type: 'postgresql', connection: warehouse.id, table: 't_{{ vars.day }}' },
    filters: [{ type: 'rename', columns: { connection: 'x' } }],
    out: { type: 'postgresql', connection: replica.id },
    exec: { max_threads: 2 },
  },
  connections: [warehouse, replica],
  variables: { day: '02' },
  arguments: {},
  transactionTime: '2026-01-01T00:00:00.000000Z',
  runTimeoutS: 60,
  stallTimeoutS: undefined,
  memoryMb: 512,
  cpuMillis: 500,
};

describe('freezeWork()', () => {
  it('puts handles in place of connections, and values in place of variables', () => {
    const { work } = freezeWork(given);
    expect(work).toEqual({
      kind: 'transfer',
      config: {
        in: { type: 'postgresql', connection: { handle: warehouse.id }, table: 't_02' },
        filters: [{ type: 'rename', columns: { connection: 'x' } }],
        out: { type: 'postgresql', connection: { handle: replica.id } },
        exec: { max_threads: 2 },
      },
      connections: {
        [warehouse.id]: { plugin: 'postgresql', name: 'warehouse', options: warehouse.options },
        [replica.id]: { plugin: 'postgresql', name: 'replica', options: warehouse.options },
      },
      variables: { day: '02' },
      arguments: {},
      transaction_time: '2026-01-01T00:00:00.000000Z',
      run_timeout_s: 60,
      memory_mb: 512,
      cpu_millis: 500,
      commit_mode: 'permit',
      workspace_id: 'w',
    });
    expect(workOrder.parse(work)).toEqual(work);
  });

  it('names each limit once, accounts within their workspace', () => {
    expect(freezeWork(given).scopes).toEqual([
      { kind: 'installation', id: 'all' },
      { kind: 'lane', id: 'batch' },
      { kind: 'workspace', id: 'w' },
      { kind: 'group', id: 'g' },
      { kind: 'definition', id: 'd' },
      { kind: 'account', id: 'w/postgresql:host=db;user=loader' },
    ]);
  });

  it('leaves out the limits of what it has not', () => {
    const alone = { ...given, groupId: null, definitionId: null, connections: [] };
    expect(freezeWork(alone).scopes).toEqual([
      { kind: 'installation', id: 'all' },
      { kind: 'lane', id: 'batch' },
      { kind: 'workspace', id: 'w' },
    ]);
  });

  it('keeps what somebody waits for out of the seats of the batch, but not out of those of an account', () => {
    const kinds = freezeWork({ ...given, lane: 'interactive' }).scopes.map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(['lane', 'account']));
  });

  it('changes nothing of what it was given', () => {
    const before = structuredClone(given);
    freezeWork(given);
    expect(given).toEqual(before);
  });
});

describe('withVariables()', () => {
  const values = { a: '1', b_2: 'two', html: '<&>', braces: '{{ vars.a }}' };

  it.each([
    ['{{ vars.a }}', '1'],
    ['{{vars.a}}-{{ vars.b_2 }}', '1-two'],
    ['{{- vars.a -}} x', '1x'],
    ['{{ vars.b_2 | upcase }}', 'TWO'],
    ['{{ vars.html }}', '<&>'],
    ['{{ vars.braces }}', '{{ vars.a }}'],
    ['no template', 'no template'],
    ['const f = (x) => {{ y: {{ x }} }};', 'const f = (x) => {{ y: {{ x }} }};'],
    ['{% if x %}{{ other }}', '{% if x %}{{ other }}'],
    ['', ''],
  ])('makes of %j %j', (text, expected) => expect(withVariables({ t: text }, values)).toEqual({ t: expected }));

  it('reaches every text, and no other value', () => {
    const config = { a: [{ b: '{{ vars.a }}' }, 1, null, true], '{{ vars.a }}': 2 };
    expect(withVariables(config, values)).toEqual({ a: [{ b: '1' }, 1, null, true], '{{ vars.a }}': 2 });
  });

  it.each([
    [{ x: '{{ vars.z }} {{ vars.y }}', w: ['{{ vars.z }}'] }, 'vars.y, vars.z'],
    [{ x: '{{ env.PATH }}' }, 'env.PATH'],
    [{ x: '{{ vars.constructor }}' }, 'vars.constructor'],
    [{ x: '{{ vars.__proto__ }}' }, 'vars.__proto__'],
    [{ x: '{{ vars }}' }, 'vars'],
  ])('names all that is missing in %j', (config, names) => {
    expect(() => withVariables(config, values)).toThrow(
      expect.objectContaining({ code: 'VARIABLE_MISSING', message: expect.stringContaining(`${names}.`) as string }),
    );
  });

  it.each([
    ['{{ vars.a'],
    ['{{ vars.a | nothing }}'],
    ['{% for i in (1..1000000000) %}{{ vars.a }}{% endfor %}'],
    ["{% include 'x' %}{{ vars.a }}"],
  ])('refuses %j, and says where', (text) => {
    expect(() => withVariables({ in: { path: text } }, values)).toThrow(
      expect.objectContaining({ code: 'TEMPLATE_INVALID', where: { path: ['config', 'in', 'path'] } }),
    );
  });
});
