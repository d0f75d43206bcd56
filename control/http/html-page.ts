/** A page for people that needs nothing but itself: no other page may frame it, and nothing runs on it but its own script. */
import { createHash } from 'node:crypto';

export interface HtmlPage {
  readonly status?: number;
  /** HTML. Whatever is not ours must have been escaped. */
  readonly body: string;
  readonly script?: string;
}

const style = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 12vh auto 2rem; padding: 0 1rem }
body { color: #1b2733; background: #fff }
h1 { font-size: 1.4rem }
a { color: inherit }
label { display: block; margin-top: 1rem }
input { display: block; width: 100%; box-sizing: border-box; padding: .5rem; font: inherit }
input { border: 1px solid #8a97a5; border-radius: 4px }
button { margin-top: 1.5rem; padding: .5rem 1.5rem; font: inherit }
button { color: #fff; background: #1f6feb; border: 0; border-radius: 4px }
[role=alert] { color: #c62828 }
@media (prefers-color-scheme: dark) {
  body { color: #e3e8ee; background: #14191f }
  input { color: inherit; background: #1d242c }
  [role=alert] { color: #ff8a80 }
}
`;

export function htmlPage({ status = 200, body, script }: HtmlPage): Response {
  const head =
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">' +
    `<title>Ropeway</title><style>${style}</style>`;
  const code = script === undefined ? '' : `<script>${script}</script>`;
  const sources = [
    "default-src 'none'",
    `style-src '${digest(style)}'`,
    ...(script === undefined ? [] : [`script-src '${digest(script)}'`, "connect-src 'self'"]),
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  return new Response(`<!doctype html><html lang="en"><head>${head}</head><body>${body}${code}</body></html>\n`, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': sources.join('; '),
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
  });
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
