import { describe, expect, it } from 'vitest';
import { passwordFault } from './password-rules.ts';

const aiko = { email: 'aiko.tanaka@good.example', name: 'Aiko Maria Tanaka' };

describe('passwordFault()', () => {
  it.each([
    ['', 'characters'],
    ['elevenchars', 'characters'],
    ['👍👍👍👍👍👍', 'characters'],
    ['Aiko.Tanaka@good.example', 'e-mail'],
    ['aiko.tanaka2026!', 'e-mail'],
    ['Aiko Maria Tanaka', 'e-mail'],
    ['Password1234', 'commonest'],
    ['qwertyuiop123!', 'commonest'],
    ['1q2w3e4r5t6y', 'commonest'],
    ['correcthorsebatterystaple', 'commonest'],
    ['aaaaaaaaaaaaaa', 'repeats'],
    ['rope-rope-rope', 'undefined'],
    ['abcabcabcabca', 'repeats'],
    ['abcdefghijklm', 'follow'],
    ['1234567890123', 'follow'],
    ['9876543210987', 'follow'],
    ['ＰＡＳＳＷＯＲＤ１２３４', 'commonest'],
  ])('%j: %s', (password, why) => expect(String(passwordFault(password, aiko))).toContain(why));

  it.each(['a heron over the lake', 'xK3#mB9$pL2@', '富士山の上の白い雲と月の光', '            x'])(
    'takes %j',
    (password) => expect(passwordFault(password, aiko)).toBeUndefined(),
  );

  it('never repeats the password', () => {
    expect(passwordFault('Password1234', aiko)).not.toMatch(/Password1234/i);
  });
});
