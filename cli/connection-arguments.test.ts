import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalog } from '#connectors/catalog.ts';
import { connectionOptions } from './connection-arguments.ts';
import type { OptionArguments } from './connection-arguments.ts';
import { processTerminal } from './terminal.ts';

const terminal = processTerminal();

const optionsOf = (given: OptionArguments, plugin = 'postgresql') =>
  connectionOptions(given, { plugin, catalog, terminal });

describe('connectionOptions()', () => {
  it('reads values as a config file would, dotted keys as options inside options', async () => {
    const option = ['port=5432', 'host=db', 'database="5432"', 'ssh_tunnel.host=jump', 'ssh_tunnel.port=22', 'user='];
    expect(await optionsOf({ option, unset: ['schema', 'ssh_tunnel.user'] })).toEqual({
      port: 5432,
      host: 'db',
      database: '5432',
      user: '',
      schema: null,
      ssh_tunnel: { host: 'jump', port: 22, user: null },
    });
  });

  it('takes secrets from files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ropeway-secret-'));
    const file = join(folder, 'password');
    await writeFile(file, 'canary\n');
    expect(await optionsOf({ secretFile: [`password=${file}`] })).toEqual({ password: 'canary' });
    await rm(folder, { recursive: true });
  });

  it.each([
    ['password=canary', 'password'],
    ['ssh_tunnel.password=canary', 'ssh_tunnel.password'],
    ['ssh_tunnel={host: jump, password: canary}', 'ssh_tunnel'],
    ['ssh_tunnel.secret_key_file.content=canary', 'ssh_tunnel.secret_key_file.content'],
  ])('refuses a secret among the arguments: %s', async (pair, name) => {
    const error: unknown = await optionsOf({ option: [pair] }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SECRET_IN_ARGUMENT' });
    expect(String(error)).toContain(name);
    expect(String(error)).not.toContain('canary');
  });

  it('leaves options of a plugin that it does not know to the server', async () => {
    expect(await optionsOf({ option: ['password=1'] }, 'foreign')).toEqual({ password: 1 });
  });
});
