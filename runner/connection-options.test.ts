import { describe, expect, it } from 'vitest';
import type { WorkOrder } from '#api/runner.ts';
import { withConnections } from './connection-options.ts';

const order = (config: Record<string, unknown>): WorkOrder => ({
  kind: 'transfer',
  config,
  connections: { c1: { plugin: 'postgresql', name: 'shop', options: { host: 'db.example', port: 5432 } } },
  variables: {},
  arguments: {},
  transaction_time: '2026-01-01T00:00:00Z',
  run_timeout_s: 60,
  memory_mb: 512,
  cpu_millis: 1000,
  commit_mode: 'permit',
  workspace_id: 'w',
});

describe('withConnections()', () => {
  it('puts the options of a connection and its secrets in place of its handle', () => {
    const config = { in: { type: 'postgresql', connection: { handle: 'c1' }, table: 't' } };
    expect(withConnections(order(config), { c1: { password: 'p', 'ssh_tunnel.password': 'q' } })).toEqual({
      in: {
        type: 'postgresql',
        host: 'db.example',
        port: 5432,
        table: 't',
        password: 'p',
        ssh_tunnel: { password: 'q' },
      },
    });
  });

  it('sends no secret of a connection to a server that the config names', () => {
    const config = { in: { type: 'http', connection: { handle: 'c1' }, host: 'thief.example', port: 1 } };
    expect(withConnections(order(config), { c1: { password: 'p' } })).toEqual({
      in: { type: 'postgresql', host: 'db.example', port: 5432, password: 'p' },
    });
  });

  it('refuses a handle that the work does not name', () => {
    const config = { in: { type: 'postgresql', connection: { handle: 'other' } } };
    expect(() => withConnections(order(config), {})).toThrow(/other/);
  });
});
