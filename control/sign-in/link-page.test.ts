import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { frontPage, linkPage } from './link-page.ts';

describe.each([
  ['frontPage()', frontPage],
  ['linkPage()', linkPage],
])('%s', (_, page) => {
  it('lets its own script and style run, and nothing else', async () => {
    const response = page();
    const html = await response.text();
    const policy = response.headers.get('content-security-policy') ?? '';
    const pieces = [...html.matchAll(/<(?:script|style)>([^]*?)<\/(?:script|style)>/g)].map(([, text = '']) => text);
    expect(pieces.length).toBeGreaterThan(0);
    for (const text of pieces) {
      expect(policy).toContain(`'sha256-${createHash('sha256').update(text).digest('base64')}'`);
    }
    expect(policy).not.toContain('unsafe');
    expect(html).not.toMatch(/\son\w+=|style=/);
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  });
});

it('linkPage() has a script that browsers can read', async () => {
  const [, script = ''] = /<script>([^]*)<\/script>/.exec(await linkPage().text()) ?? [];
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- it is read, not run
  expect(() => new Function(script)).not.toThrow();
});
