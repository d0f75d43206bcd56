import { argon2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hashPassword, isOutdated, isPassword } from './password-hash.ts';

describe('hashPassword()', () => {
  it('makes another hash each time, which says what it was made with', async () => {
    const [one, two] = await Promise.all([hashPassword('rope way heron'), hashPassword('rope way heron')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=47104,t=1,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(two).not.toBe(one);
    expect([isOutdated(one), await isPassword('rope way heron', one)]).toEqual([false, true]);
  });

  it('takes composed and decomposed letters for the same', async () => {
    const hash = await hashPassword('Ame\u0301lie et les ponts');
    expect(await isPassword('Am\u00e9lie et les ponts', hash)).toBe(true);
  });
});

describe('isPassword()', () => {
  it('knows what was made at another cost, and that it is outdated', async () => {
    const nonce = Buffer.alloc(16, 7);
    const tag = argon2Sync('argon2id', {
      message: 'rope way heron',
      nonce,
      parallelism: 1,
      tagLength: 32,
      memory: 64,
      passes: 2,
    });
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');
    const hash = `$argon2id$v=19$m=64,t=2,p=1$${text(nonce)}$${text(tag)}`;
    expect(isOutdated(hash)).toBe(true);
    expect(await isPassword('rope way heron', hash)).toBe(true);
    expect(await isPassword('rope way herons', hash)).toBe(false);
  });

  it('says no where there is none', async () => expect(await isPassword('', undefined)).toBe(false));

  it('does not take another kind of hash for one', async () => {
    await expect(isPassword('x', '$2b$12$abcdefghijklmnopqrstuv')).rejects.toMatchObject({
      code: 'PASSWORD_HASH_UNKNOWN',
    });
  });
});
