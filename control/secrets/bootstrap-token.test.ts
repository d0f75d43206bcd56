import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { bootstrapToken, isBootstrapToken } from './bootstrap-token.ts';
import { KeyRing } from './key-ring.ts';

const [a, b] = [randomBytes(32), randomBytes(32)];
const ring = new KeyRing([a]);
const subject = { installationId: 'i', runId: 'r1', attemptNo: 2, fence: '9007199254740993' };

it('bootstrapToken() is the same for everybody who launches the attempt', () => {
  expect(bootstrapToken(new KeyRing([a]), { ...subject })).toBe(bootstrapToken(ring, subject));
  expect(isBootstrapToken(ring, subject, bootstrapToken(ring, subject))).toBe(true);
});

it.each([
  { installationId: 'j' },
  { runId: 'r2' },
  { runId: 'r', attemptNo: 12 },
  { attemptNo: 3 },
  { fence: '9007199254740992' },
])('isBootstrapToken() refuses the token of another subject: %o', (difference) => {
  expect(isBootstrapToken(ring, subject, bootstrapToken(ring, { ...subject, ...difference }))).toBe(false);
});

it('isBootstrapToken() refuses what is none', () => {
  const token = bootstrapToken(ring, subject);
  const [version = '', key = '', mac = ''] = token.split('.');
  const wrong = ['', 'b1', `${version}.${key}.`, `${version}.${key}`, `b2.${key}.${mac}`, `${token}.x`, `${token}AAAA`];
  const other = mac.startsWith('A') ? 'B' : 'A';
  for (const text of [
    ...wrong,
    token.slice(0, -4),
    `${version}.${key}.${other}${mac.slice(1)}`,
    `${version}.0.${mac}`,
  ]) {
    expect(isBootstrapToken(ring, subject, text), text).toBe(false);
  }
});

it('isBootstrapToken() takes tokens of an older key while the ring has it', () => {
  const token = bootstrapToken(ring, subject);
  expect(isBootstrapToken(new KeyRing([b, a]), subject, token)).toBe(true);
  expect(isBootstrapToken(new KeyRing([b]), subject, token)).toBe(false);
});
