/**
 * Requests that pages of other sites make a browser send carry its cookies: what changes something must come from our
 * own pages. Browsers say so themselves, in `Sec-Fetch-Site` or at least in `Origin`, which no page can write.
 */
import { signInErrors } from '#control/sign-in/errors.ts';
import { Refusal } from './refusal.ts';
import type { Visitor } from './visitor.ts';

/** `isCookie`: the request is let in by a cookie, so that it must say where it comes from. */
export function assertSameOrigin(
  request: Request,
  { origin }: Visitor,
  { isCookie }: { readonly isCookie: boolean },
): void {
  if (/^(?:GET|HEAD|OPTIONS)$/.test(request.method)) return;
  const site = request.headers.get('sec-fetch-site');
  const given = request.headers.get('origin');
  if (site === null && given === null && !isCookie) return;
  if (site === null ? given === origin : site === 'same-origin') return;
  throw new Refusal(signInErrors.error('CROSS_SITE', { origin }), 403);
}
