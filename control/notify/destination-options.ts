/** Options of destinations: what is kept openly, what in envelopes, and what a request is made of. */
import type { z } from 'zod';
import type { FieldProblem } from '#api/problem.ts';
import { emailOptions, httpOptions, slackOptions } from '#api/resources/notice.ts';
import { fieldProblems } from '#control/http/checked-request.ts';
import { invalid } from '#control/http/refusal.ts';
import { openSecret } from '#control/secrets/envelope.ts';
import type { KeyRing } from '#control/secrets/key-ring.ts';
import type { DestinationKind } from '#control/store/notice-tables.ts';
import { isRopewayError } from '#spi/errors.ts';
import { refuseAtOnce } from './address-guard.ts';
import type { NoticeSettings } from './settings.ts';

export interface KeptOptions {
  readonly config: Readonly<Record<string, unknown>>;
  /** New values of secrets, by name. */
  readonly set: ReadonlyMap<string, string>;
  /** Secrets that have a value from now on. */
  readonly secretsSet: readonly string[];
  /** Of e-mail. */
  readonly addresses: readonly string[];
}

export interface OptionsBefore {
  readonly config: Readonly<Record<string, unknown>>;
  readonly secretsSet: readonly string[];
}

export interface ShownPair {
  readonly name: string;
  readonly value?: string;
  readonly isSecret: boolean;
}

export interface HttpConfig {
  readonly url: string;
  readonly method: 'POST' | 'PUT';
  readonly contentType: 'application/json' | 'text/plain';
  readonly headers: readonly ShownPair[];
  readonly params: readonly ShownPair[];
}

type Guard = Pick<NoticeSettings, 'allowed' | 'own'>;

/** Throws a refusal that names the fields. */
export function keptOptions(kind: DestinationKind, given: unknown, before: OptionsBefore, guard: Guard): KeptOptions {
  if (kind === 'slack') return slackKept(parsed(slackOptions, given), before, guard);
  if (kind === 'http') return httpKept(parsed(httpOptions, given), before, guard);
  const { addresses } = parsed(emailOptions, given);
  return { config: {}, set: new Map(), secretsSet: [], addresses: [...new Set(addresses.map(withLowerDomain))] };
}

function parsed<T>(schema: z.ZodType<T>, given: unknown): T {
  const read = schema.safeParse(given);
  if (!read.success) throw invalid(fieldProblems(read.error.issues, 'body', ['options']));
  return read.data;
}

/** The part before the sign may tell letters apart by their case. */
function withLowerDomain(address: string): string {
  const at = address.lastIndexOf('@');
  return address.slice(0, at) + address.slice(at).toLowerCase();
}

const WEBHOOK = 'webhookUrl';

function slackKept({ webhookUrl }: z.output<typeof slackOptions>, before: OptionsBefore, guard: Guard): KeptOptions {
  if (webhookUrl === undefined) {
    if (!before.secretsSet.includes(WEBHOOK)) throw problem([WEBHOOK], 'it is needed');
    return { config: before.config, set: new Map(), secretsSet: [WEBHOOK], addresses: [] };
  }
  const url = reachable(webhookUrl, [WEBHOOK], guard);
  return {
    config: { webhookHost: url.host },
    set: new Map([[WEBHOOK, webhookUrl]]),
    secretsSet: [WEBHOOK],
    addresses: [],
  };
}

function httpKept(options: z.output<typeof httpOptions>, before: OptionsBefore, guard: Guard): KeptOptions {
  reachable(options.url, ['url'], guard);
  const set = new Map<string, string>();
  const secretsSet: string[] = [];
  const kept = (part: 'headers' | 'params'): ShownPair[] => {
    const seen = new Set<string>();
    return options[part].map(({ name, value, isSecret }, index) => {
      const path = [part, index, 'name'];
      const key = part === 'headers' ? name.toLowerCase() : name;
      if (seen.has(key)) throw problem(path, `"${name}" is there twice`);
      seen.add(key);
      if (part === 'headers' && ownHeaders.has(key)) throw problem(path, `"${name}" is set by the request itself`);
      const place = `${part}.${key}`;
      if (!isSecret) {
        if (value === undefined) throw problem([part, index, 'value'], `"${name}" has no value`);
        return { name, value, isSecret };
      }
      if (value !== undefined) set.set(place, value);
      else if (!before.secretsSet.includes(place)) throw problem([part, index, 'value'], `"${name}" has no value`);
      secretsSet.push(place);
      return { name, isSecret };
    });
  };
  const { url, method, contentType } = options;
  const config = { url, method, contentType, headers: kept('headers'), params: kept('params') };
  return { config, set, secretsSet, addresses: [] };
}

/** What would make another request of it. */
const ownHeaders: ReadonlySet<string> = new Set([
  ...['connection', 'content-length', 'content-type', 'expect', 'host', 'idempotency-key', 'keep-alive'],
  ...['proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'user-agent'],
]);

function reachable(text: string, path: readonly string[], guard: Guard): URL {
  const url = new URL(text);
  try {
    refuseAtOnce(url, guard);
  } catch (error) {
    if (isRopewayError(error)) throw problem(path, error.message);
    throw error;
  }
  return url;
}

function problem(path: readonly (string | number)[], message: string): Error {
  const errors: FieldProblem[] = [{ in: 'body', path: ['options', ...path], message }];
  return invalid(errors);
}

/** All secrets of a destination, opened. */
export function openSecrets(
  keys: KeyRing,
  destinationId: string,
  envelopes: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(envelopes).map(([path, envelope]) => [
      path,
      // What was sealed is a text.
      openSecret(keys, { connectionId: destinationId, path }, envelope) as string,
    ]),
  );
}
