import { httpServer } from '#test/kit/http-server.ts';
import { csvIn } from './csv-section.ts';
import type { PeerEntry } from './peer.ts';

function credentials(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

export const httpPeer: PeerEntry = {
  name: 'http',
  missing: '',
  can: ['in', 'server', 'login', 'rights'],
  start: async () => {
    const places = new Map<string, string>();
    const server = await httpServer(({ url, headers }, answer) => {
      const text = places.get(url.pathname.slice(1));
      if (headers.authorization === credentials('powerless', 'powerless')) answer.writeHead(403).end();
      else if (headers.authorization !== credentials('peer', 'password')) answer.writeHead(401).end();
      else if (text === undefined) answer.writeHead(404).end();
      else answer.writeHead(200, { 'content-type': 'text/csv' }).end(text);
    });
    const at = (section: Readonly<Record<string, unknown>>, port: number): string => {
      const url = new URL(String(section['url']));
      url.port = String(port);
      return url.href;
    };
    return {
      name: 'http',
      port: server.port,
      in: (place, columns) => ({
        type: 'http',
        url: `${server.url}/${place}`,
        basic_auth: { user: 'peer', password: 'password' },
        max_retries: 3,
        retry_interval: 20,
        ...csvIn(columns),
      }),
      seed: async (place, csv) => void places.set(place, csv),
      through: (section, port) => ({ ...section, url: at(section, port) }),
      strange: (section) => {
        const secret = 'wrong-s3cret';
        return { section: { ...section, basic_auth: { user: 'peer', password: secret } }, secret };
      },
      powerless: (section) => ({ ...section, basic_auth: { user: 'powerless', password: 'powerless' } }),
      leftovers: async () => [],
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};
