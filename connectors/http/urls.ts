/** Addresses: what may be one, and how it is shown. */
import type { HttpConnection } from './config.ts';
import { httpErrors } from './errors.ts';

/** The URL of the options. */
export function urlOf({ url: text }: HttpConnection): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const reason = url === undefined ? 'it is none' : refusal(url);
  if (url !== undefined && reason === undefined) {
    url.hash = '';
    return url;
  }
  // A password in it is not to be repeated, nor its line shown.
  const isOpen = !text.includes('@');
  const shown = isOpen ? `'${text}'` : `of ${url?.host ?? 'somebody'}`;
  const where = isOpen ? { where: { path: ['url'] } } : {};
  throw httpErrors.error('HTTP_URL', { url: shown, reason: reason ?? '' }, where);
}

/** Why we do not speak to the URL. */
export function refusal(url: URL): string | undefined {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `${url.protocol} is neither http: nor https:`;
  if (url.username !== '' || url.password !== '') return 'user and password belong to `basic_auth`';
  return undefined;
}

/** Without the parameters that hold credentials, which servers like to repeat in addresses of theirs. */
export function shownUrl(url: URL, { auth_params: secret }: HttpConnection): string {
  const shown = new URL(url);
  for (const name of Object.keys(secret)) shown.searchParams.delete(name);
  return shown.href;
}

/** The text without values of options that are never shown. */
export function withoutSecrets(text: string, config: HttpConnection): string {
  const { basic_auth, bearer_token, auth_headers, auth_params, http_proxy } = config;
  const secrets = [
    ...[basic_auth?.password, bearer_token, http_proxy?.password],
    ...[...Object.values(auth_headers), ...Object.values(auth_params)],
  ];
  return secrets
    .filter((secret) => secret !== undefined && secret !== '')
    .reduce<string>((shown, secret) => shown.replaceAll(String(secret), '***'), text);
}
