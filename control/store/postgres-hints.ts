/**
 * Hints between processes: LISTEN and NOTIFY on a connection of their own. When it is lost it comes back by itself,
 * with growing pauses; then everybody is told, for nobody knows what was said meanwhile. Behind a PgBouncer that pools
 * transactions nothing is heard: give it a direct address, or live with polling.
 */
import { randomUUID } from 'node:crypto';
import type { Client, ClientConfig } from 'pg';
import type { Logger } from '#spi/context.ts';
import { HintRelay, everyChannel } from './hints.ts';
import type { Hints } from './hints.ts';

/** All hints go over one: PostgreSQL wakes all listeners of a database for any of them anyway. */
const SQL_CHANNEL = 'ropeway_hints';
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 10_000;
/** The connection is mostly silent: only asking tells that it is gone. */
const PROBE_INTERVAL_MS = 15_000;

export interface PostgresHints extends Hints {
  /** Resolves when hints of others are heard. */
  readonly listening: Promise<void>;
  close(): Promise<void>;
}

export function postgresHints(makeClient: (config: ClientConfig) => Client, log: Logger): PostgresHints {
  const sender = randomUUID();
  const relay = new HintRelay((channels) => send(channels));
  const { promise: listening, resolve: isListening } = Promise.withResolvers<void>();
  let client: Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let tries = 0;
  let isClosed = false;

  function send(channels: readonly string[]): void {
    const payloads = channels.map((channel) => `${sender} ${channel}`);
    // Without a connection the hint is lost, as hints may be.
    client?.query('select pg_notify($1, payload) from unnest($2::text[]) payload', [SQL_CHANNEL, payloads]).catch(lost);
  }

  function lost(error: unknown): void {
    const gone = client;
    client = undefined;
    if (isClosed || timer !== undefined) return;
    const waitMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(tries, 10)) * (0.5 + Math.random() / 2);
    // A blip is nothing to speak of.
    if (tries === 3) log.warn('hints from other processes are not heard, polling goes on', { reason: String(error) });
    tries += 1;
    timer = setTimeout(() => void connect(), waitMs);
    timer.unref();
    gone?.end().catch(() => {});
  }

  async function connect(): Promise<void> {
    timer = undefined;
    const next = makeClient({ application_name: 'ropeway hints', keepAlive: true, query_timeout: PROBE_INTERVAL_MS });
    next.on('error', (error) => (next === client ? lost(error) : undefined));
    next.on('end', () => (next === client ? lost(new Error('the connection ended')) : undefined));
    next.on('notification', ({ payload = '' }) => {
      const [from, channel = everyChannel] = payload.split(' ', 2);
      if (from !== sender) relay.hear(channel);
    });
    try {
      await next.connect();
      await next.query(`listen ${SQL_CHANNEL}`);
    } catch (error) {
      next.end().catch(() => {});
      lost(error);
      return;
    }
    if (isClosed) {
      next.end().catch(() => {});
      return;
    }
    client = next;
    if (tries > 0) relay.hear(everyChannel);
    tries = 0;
    isListening();
  }

  const probe = setInterval(() => client?.query('select 1').catch(lost), PROBE_INTERVAL_MS);
  probe.unref();
  void connect();
  return {
    listening,
    tell: (channel) => relay.tell(channel),
    listen: (channel, heard) => relay.listen(channel, heard),
    async close() {
      isClosed = true;
      clearInterval(probe);
      clearTimeout(timer);
      relay.close();
      await client?.end().catch(() => {});
    },
  };
}
