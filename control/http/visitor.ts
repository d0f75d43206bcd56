/** Who asks, as far as the connection shows: from where, with what browser and which cookies; and how we are reached. */
import { isIP } from 'node:net';
import { CookieJar } from './cookies.ts';

export interface Visitor {
  /** Of the network. */
  readonly address: string;
  /** What the browser says that it is. */
  readonly device: string;
  /** `https://ropeway.example`: this server, as the browser sees it. */
  readonly origin: string;
  /** Nobody on the way can read a cookie; or somebody has decided that it does not matter. */
  readonly isSafe: boolean;
  readonly cookies: CookieJar;
  /** Of the session that the request is part of. */
  sessionId: string | undefined;
}

export interface Reach {
  /** The address by which people reach the server, when that is not the one of the request. */
  readonly publicUrl?: string | undefined;
  /** Proxies in front of the server: so many addresses of `X-Forwarded-For`, from the end, are theirs to say. */
  readonly proxies?: number | undefined;
}

const DEVICE_LENGTH_MAX = 300;

export function visitorOf(request: Request, peer: string | undefined, { publicUrl, proxies = 0 }: Reach): Visitor {
  const url = new URL(publicUrl ?? request.url);
  const isSecure = url.protocol === 'https:';
  return {
    address: addressOf(request.headers.get('x-forwarded-for'), peer, proxies),
    device: (request.headers.get('user-agent') ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, DEVICE_LENGTH_MAX),
    origin: url.origin,
    isSafe: isSecure || publicUrl !== undefined || isLoopback(url.hostname),
    cookies: new CookieJar(request.headers.get('cookie'), { isSecure }),
    sessionId: undefined,
  };
}

function addressOf(forwarded: string | null, peer: string | undefined, proxies: number): string {
  // What stands further to the front anybody may have written.
  const named = proxies === 0 ? undefined : forwarded?.split(',').at(-proxies)?.trim();
  const address = named !== undefined && isIP(named) !== 0 ? named : (peer ?? 'unknown');
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
