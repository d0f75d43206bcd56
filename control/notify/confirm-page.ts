/**
 * The page behind the link that asks an address whether it wants notices. Looking at it changes nothing: programs that
 * look into mail follow links, and must not say yes. The button does.
 */
import { htmlPage } from '#control/http/html-page.ts';
import { RateLimit } from '#control/http/rate-limit.ts';
import type { KeyRing } from '#control/secrets/key-ring.ts';
import type { Store } from '#control/store/store.ts';
import { isRopewayError } from '#spi/errors.ts';
import { confirmAddress } from './confirmation.ts';

export interface ConfirmPageParts {
  readonly db: Store['db'];
  readonly keys: KeyRing;
  readonly installationId: string;
}

const TOKEN_LENGTH_MAX = 300;
const BODY_LENGTH_MAX = 1000;
/** Of everybody together: nobody comes here often. */
const rate = { perSecond: 10, burst: 100 };

export function confirmPage({ db, keys, installationId }: ConfirmPageParts): (request: Request) => Promise<Response> {
  const limit = new RateLimit(rate);
  return async (request) => {
    const waitS = limit.take('all');
    if (waitS > 0) return page(429, ['Too many requests. Try again in a minute.', 'しばらくしてからお試しください。']);
    if (request.method === 'GET' || request.method === 'HEAD') {
      const token = new URL(request.url).searchParams.get('token') ?? '';
      return isToken(token)
        ? page(200, ['Send notices to this address?', 'このアドレスで通知を受け取りますか?'], token)
        : gone();
    }
    if (request.method !== 'POST') return page(405, ['This is not possible here.']);
    const token = new URLSearchParams((await request.text()).slice(0, BODY_LENGTH_MAX)).get('token') ?? '';
    try {
      await confirmAddress(db, { keys, installationId }, token.slice(0, TOKEN_LENGTH_MAX));
      return page(200, ['The address is confirmed.', 'アドレスを確認しました。']);
    } catch (error) {
      if (!isRopewayError(error)) throw error;
      return gone();
    }
  };
}

/** Nothing that could be a piece of a page. */
function isToken(text: string): boolean {
  return text.length <= TOKEN_LENGTH_MAX && /^[\w.-]+$/.test(text);
}

function gone(): Response {
  return page(404, [
    'The link is not good any more. Have another one sent.',
    'リンクは無効です。もう一度送信してください。',
  ]);
}

function page(status: number, lines: readonly string[], token?: string): Response {
  const form =
    token === undefined
      ? ''
      : `<form method="post"><input type="hidden" name="token" value="${token}"><button>OK</button></form>`;
  const text = lines.map((line) => `<p>${line}</p>`).join('');
  return htmlPage({ status, body: text + form });
}
