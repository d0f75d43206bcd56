import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backlog, BACKLOG_BYTES_MAX } from './backlog.ts';
import type { Gap } from './gap.ts';
import { LineSplitter } from './line-splitter.ts';
import { MASK, Redactor } from './redactor.ts';
import { Spool } from './spool.ts';

function splitter(): { splitter: LineSplitter; lines: string[]; sizes: number[]; gaps: Gap[] } {
  const [lines, sizes, gaps]: [string[], number[], Gap[]] = [[], [], []];
  const line = (text: string, size: number): void => void (lines.push(text), sizes.push(size));
  return { splitter: new LineSplitter({ line, gap: (gap) => void gaps.push(gap) }), lines, sizes, gaps };
}

describe('LineSplitter', () => {
  it('gives the same lines however the bytes are cut', () => {
    const text = fc
      .array(fc.constantFrom('a', 'é', '\n', '\r\n', 'word '), { maxLength: 60 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.array(fc.nat(60), { maxLength: 8 }), (printed, cuts) => {
        const bytes = Buffer.from(printed);
        const found = splitter();
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        for (const [index, from] of places.slice(0, -1).entries())
          found.splitter.push(bytes.subarray(from, places[index + 1]));
        found.splitter.end();
        const expected = printed.split('\n').map((line) => line.replace(/\r$/, ''));
        if (printed.endsWith('\n') || printed === '') expected.pop();
        expect(found.lines).toEqual(expected);
        expect(found.sizes.reduce((sum, size) => sum + size, 0)).toBe(bytes.length);
      }),
    );
  });

  it('counts each line once when any pieces are lost', () => {
    const pieces = fc.array(fc.record({ text: fc.stringMatching(/^[ab\n]{1,6}$/), isLost: fc.boolean() }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(pieces, (all) => {
        const found = splitter();
        for (const { text, isLost } of all) {
          const newlines = text.split('\n').length - 1;
          if (isLost) found.splitter.lose({ bytes: text.length, newlines, endsWithNewline: text.endsWith('\n') });
          else found.splitter.push(Buffer.from(text));
        }
        found.splitter.end();
        const whole = all.map(({ text }) => text).join('');
        const lineCount = whole.split('\n').length - (whole.endsWith('\n') || whole === '' ? 1 : 0);
        const lost = found.gaps.reduce((sum, gap) => sum + gap.lines, 0);
        const bytes = [...found.sizes, ...found.gaps.map((gap) => gap.bytes)].reduce((sum, size) => sum + size, 0);
        expect([found.lines.length + lost, bytes]).toEqual([lineCount, whole.length]);
      }),
    );
  });
});

describe('Backlog', () => {
  it('keeps the beginning and the end, and counts the middle', () => {
    const backlog = new Backlog();
    const piece = Buffer.from(`${'y'.repeat(999)}\n`.repeat(64));
    const count = Math.ceil((BACKLOG_BYTES_MAX * 3) / piece.length);
    for (let index = 0; index < count; index += 1) backlog.push(piece);
    const items = [];
    for (let item = backlog.shift(); item !== undefined; item = backlog.shift()) items.push(item);
    const lost = items.filter((item) => 'newlines' in item);
    const bytes = items.reduce((sum, item) => sum + ('newlines' in item ? item.bytes : item.length), 0);
    expect([lost.length, bytes, lost[0]?.newlines]).toEqual([1, count * piece.length, (lost[0]?.bytes ?? 0) / 1000]);
    expect(items.length).toBeLessThan(count / 2);
    expect('newlines' in (items[0] ?? {})).toBe(false);
  });
});

describe('Redactor', () => {
  const secret = 'p@ss "w/ord"+é';

  it.each<[string, string]>([
    ['as it is', secret],
    ['as JSON', JSON.stringify({ key: secret })],
    ['in a URL', `https://host/?q=${encodeURIComponent(secret)}`],
    ['in a form', new URLSearchParams({ q: secret }).toString()],
    ['as base64', Buffer.from(secret).toString('base64')],
    ['in base64, one byte in', Buffer.from(`u${secret}tail`).toString('base64')],
    ['in base64, two bytes in', Buffer.from(`us${secret}tail`).toString('base64url')],
  ])('hides a secret %s', (_, text) => {
    const clean = new Redactor([secret]).redact(`before ${text} after`);
    expect(clean).toContain(MASK);
    expect(clean).not.toContain(text);
    expect([clean.startsWith('before '), clean.endsWith(' after')]).toEqual([true, true]);
  });

  it('hides 1,000 secrets and the lines of a key, and nothing else', () => {
    const secrets = Array.from({ length: 1000 }, () => randomBytes(12).toString('hex'));
    const key = '-----BEGIN KEY-----\nabcdefgh1234\nijklmnop5678\n-----END KEY-----';
    const redactor = new Redactor([...secrets, { tls: { key } }]);
    const text = `${secrets.join(' ')} plain words abcdefgh1234`;
    expect(redactor.redact(text)).toBe(`${secrets.map(() => MASK).join(' ')} plain words ${MASK}`);
    expect(redactor.redactAll({ a: [secrets[0], 1, null], b: 'c' })).toEqual({ a: [MASK, 1, null], b: 'c' });
  });

  it.each([
    ['password=hunter22 next', `password=${MASK} next`],
    ['{"api_key": "abcd1234"}', `{"api_key": "${MASK}"}`],
    ['Authorization: Bearer abc.def', `Authorization: Bearer ${MASK}`],
    ['postgres://user:hunter2@host/db', `postgres://user:${MASK}@host/db`],
    ['nothing: to see', 'nothing: to see'],
  ])('hides what looks like a secret in %j', (text, clean) => {
    expect(new Redactor().redact(text)).toBe(clean);
  });
});

describe('Spool', () => {
  it('lets the oldest of the middle go, and says what it held', async () => {
    const spool = new Spool({ bytesMax: 1000, headBytes: 100, tailBytes: 300, memoryBytes: 200 });
    for (let index = 0; index < 40; index += 1) {
      const all = { lines: 2, bytes: 20 };
      await spool.add({ packed: Buffer.alloc(50, index), lineCount: 2 }, { all, missing: { lines: 0, bytes: 0 } });
    }
    let [chunks, lines, gaps] = [0, 0, 0];
    const first: number[] = [];
    for (let entry = await spool.first(); entry !== undefined; entry = await spool.first()) {
      if ('gap' in entry) {
        gaps += 1;
        lines += entry.gap.lines;
      } else {
        chunks += 1;
        lines += entry.lineCount;
        first.push(entry.packed[0] ?? -1);
      }
      await spool.remove();
    }
    await spool.close();
    expect([lines, gaps, chunks < 22]).toEqual([80, 1, true]);
    expect(spool.lost).toEqual({ lines: 80 - 2 * chunks, bytes: 800 - 20 * chunks });
    expect([first[0], first[1], first.at(-1)]).toEqual([0, 1, 39]);
  });
});
