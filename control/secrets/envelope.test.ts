import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyIdOf, openSecret, sealSecret } from './envelope.ts';
import { KeyRing } from './key-ring.ts';

const [a, b] = [randomBytes(32), randomBytes(32)];
const ring = new KeyRing([a]);
const place = { connectionId: 'c1', path: 'password' };

it('openSecret() gives what sealSecret() took', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), fc.string(), (value, connectionId, path) => {
      const envelope = sealSecret(ring, { connectionId, path }, value);
      // JSON has one zero.
      expect(openSecret(ring, { connectionId, path }, envelope)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

it('sealSecret() never makes the same envelope twice, and shows nothing of the secret', () => {
  const envelopes = Array.from({ length: 100 }, () => sealSecret(ring, place, 'canary-7f3a'));
  expect(new Set(envelopes.map((envelope) => envelope.split('.')[2])).size).toBe(100);
  expect(envelopes.join(' ')).not.toContain(Buffer.from('canary-7f3a').toString('base64url').slice(0, 12));
  expect(keyIdOf(envelopes[0] ?? '')).toBe(ring.firstId);
});

it.each([
  ['another connection', { connectionId: 'c2', path: 'password' }],
  ['another option', { connectionId: 'c1', path: 'token' }],
  ['names that only look alike', { connectionId: 'c1","password', path: '' }],
])('openSecret() refuses an envelope that was moved to %s', (_, elsewhere) => {
  const envelope = sealSecret(ring, place, 'canary');
  expect(() => openSecret(ring, elsewhere, envelope)).toThrow(expect.objectContaining({ code: 'SECRET_BROKEN' }));
});

it('openSecret() refuses an envelope with any letter changed or cut', () => {
  const envelope = sealSecret(ring, place, 'canary');
  for (let at = 0; at < envelope.length; at++) {
    const letter = envelope.charAt(at);
    // The last letter of a group has bits that stand for nothing: not those of the neighbour in the alphabet.
    const other = letter === 'A' ? 'w' : 'A';
    const changed = envelope.slice(0, at) + other + envelope.slice(at + 1);
    const same = Buffer.from(changed.split('.').slice(2).join('.'), 'base64url').equals(
      Buffer.from(envelope.split('.').slice(2).join('.'), 'base64url'),
    );
    if (!same || at < envelope.indexOf('.', 3))
      expect(() => openSecret(ring, place, changed)).toThrow(/secret password/);
    expect(() => openSecret(ring, place, envelope.slice(0, at))).toThrow(/secret password/);
  }
});

it('openSecret() names the key that is missing', () => {
  const envelope = sealSecret(new KeyRing([b]), place, 'canary');
  expect(() => openSecret(ring, place, envelope)).toThrow(`under the key ${keyIdOf(envelope)}, which was not given`);
  expect(openSecret(new KeyRing([a, b]), place, envelope)).toBe('canary');
});

it('openSecret() refuses an envelope that claims another key', () => {
  const two = new KeyRing([a, b]);
  const envelope = sealSecret(two, place, 'canary').replace(two.firstId, two.ids[1] ?? '');
  expect(() => openSecret(two, place, envelope)).toThrow(expect.objectContaining({ code: 'SECRET_BROKEN' }));
});

it('KeyRing shows no key to a log, and its fingerprint is no part of it', () => {
  const shown = inspect(ring, { depth: 10, showHidden: true }) + JSON.stringify(ring) + ring.ids.join(' ');
  for (const encoding of ['hex', 'base64', 'base64url'] as const) {
    const text = a.toString(encoding);
    for (let at = 0; at + 10 <= text.length; at++) expect(shown).not.toContain(text.slice(at, at + 10));
  }
  expect(ring.firstId).toMatch(/^[0-9a-f]{16}$/);
});
