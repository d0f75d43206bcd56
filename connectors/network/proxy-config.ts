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

export function proxyUrl({ host, port = 80 }: ProxyConfig): string {
  return `http://${host}:${port}`;
}

/** What the header Proxy-Authorization says. */
export function proxyToken({ user, password = '' }: ProxyConfig): string | undefined {
  return user === undefined ? undefined : basicToken(user, password);
}

export function basicToken(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
