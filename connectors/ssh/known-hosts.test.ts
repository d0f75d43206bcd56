import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { knownKeys } from './known-hosts.ts';

const key = Buffer.from('a key').toString('base64');

function found(lines: string, host = 'host.example', port = 22): string[] {
  return knownKeys(lines, host, port).map(({ type, isRevoked }) => (isRevoked ? `revoked ${type}` : type));
}

describe('knownKeys()', () => {
  it.each<[string, string, string[]]>([
    ['a name', `host.example ssh-ed25519 ${key}`, ['ssh-ed25519']],
    ['a name in capitals', `HOST.example ssh-ed25519 ${key}`, ['ssh-ed25519']],
    ['one of several names', `10.0.0.1,host.example ssh-rsa ${key} a comment`, ['ssh-rsa']],
    ['several lines', `host.example a ${key}\nhost.example b ${key}\n`, ['a', 'b']],
    ['patterns', `*.example a ${key}\nhos?.example b ${key}\nh?st.exampl c ${key}`, ['a', 'b']],
    ['a name that is left out', `*.example,!host.example a ${key}`, []],
    ['dots, which are no patterns', `hostXexample a ${key}`, []],
    ['another port', `[host.example]:2222 a ${key}`, []],
    ['a revoked key', `@revoked * a ${key}`, ['revoked a']],
    ['a key of an authority', `@cert-authority *.example a ${key}`, []],
    ['comments and other lines', `# host.example a ${key}\n\nhost.example a\nhost.example\n`, []],
    ['a hash that is none', `|1|AAAA|BBBB a ${key}\n|2|x|y b ${key}`, []],
    ['CR LF', `host.example a ${key}\r\n`, ['a']],
  ])('reads %s', (_title, lines, expected) => expect(found(lines)).toEqual(expected));

  it('takes a name without a port for all ports', () => {
    const lines = `[host.example]:2222 a ${key}\nhost.example b ${key}`;
    expect(found(lines, 'host.example', 2222)).toEqual(['a', 'b']);
  });

  it('finds names that ssh-keygen has hashed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropeway-known-hosts-'));
    try {
      spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')]);
      const file = join(folder, 'hosts');
      const [type, bytes] = readFileSync(join(folder, 'key.pub'), 'utf8').split(' ');
      writeFileSync(file, `[host.example]:2222 ${type} ${bytes}\nother.example ${type} ${bytes}\n`);
      spawnSync('ssh-keygen', ['-H', '-f', file]);
      const hashed = readFileSync(file, 'utf8');
      expect(hashed).not.toContain('example');
      expect(found(hashed, 'host.example', 2222)).toEqual(['ssh-ed25519']);
      expect(found(hashed, 'host.example', 22)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
