import { describe, expect, it } from 'vitest';
import { base32, newTotpSecret, stepAt, stepOfCode, totpCode, totpUri } from './totp.ts';

/** Of RFC 6238, appendix B. */
const secret = Buffer.from('12345678901234567890');

describe('totpCode()', () => {
  it.each([
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ])('at %i is that of RFC 6238', (epochS, code) => expect(totpCode(secret, stepAt(epochS))).toBe(code.slice(-6)));
});

describe('stepOfCode()', () => {
  const epochS = 1_234_567_890;
  const present = stepAt(epochS);

  it.each([
    [-2, undefined],
    [-1, present - 1],
    [0, present],
    [1, present + 1],
    [2, undefined],
  ])('takes a code %i steps away: %s', (away, step) => {
    expect(stepOfCode(secret, totpCode(secret, present + away), { epochS, lastStep: 0 })).toBe(step);
  });

  it('takes none at or before the one that was used last', () => {
    const code = totpCode(secret, present);
    expect(stepOfCode(secret, code, { epochS, lastStep: present })).toBeUndefined();
    expect(stepOfCode(secret, code, { epochS, lastStep: present - 1 })).toBe(present);
  });

  it.each(['', '00592', '0059244', '００５９２４', '005924 '])('takes no %j', (code) =>
    expect(stepOfCode(secret, code, { epochS, lastStep: 0 })).toBeUndefined(),
  );
});

describe('totpUri()', () => {
  it('is what apps read', () => {
    const uri = totpUri(secret, { issuer: 'Ropeway', account: 'a b@good.example' });
    expect(uri).toBe(
      'otpauth://totp/Ropeway:a%20b%40good.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Ropeway' +
        '&algorithm=SHA1&digits=6&period=30',
    );
  });
});

describe('base32()', () => {
  it.each([
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ])('%j is %s', (text, coded) => expect(base32(Buffer.from(text))).toBe(coded));

  it('of a new secret has no padding', () => expect(base32(newTotpSecret())).toMatch(/^[A-Z2-7]{32}$/));
});
