/** The option of an HTTP proxy. */
import { z } from 'zod';
import { option } from '#spi/fields.ts';

const proxy = z.strictObject({
  host: option(z.string(), { title: 'Host', description: 'Name or address of the proxy.' }),
  port: option(z.number().int().optional(), { title: 'Port', description: 'Port of the proxy; without it 80.' }),
  user: option(z.string().optional(), { title: 'User', description: 'User name for the proxy.' }),
  password: option(z.string().optional(), {
    title: 'Password',
    description: 'Password for the proxy.',
    'x-secret': true,
  }),
});

export type ProxyConfig = z.output<typeof proxy>;

export const proxyOption = option(proxy.optional(), {
  title: 'HTTP proxy',
  description: 'Proxy through which the server is reached.',
  'x-advanced': true,
});

/** With the login in it, as Node's agents take it. */
export function proxyUrl({ host, port = 80, user, password = '' }: ProxyConfig): string {
  const login = user === undefined ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
  return `http://${login}${host}:${port}`;
}

export function basicToken(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
