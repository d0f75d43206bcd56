/** A message to a destination, whatever the destination is. */
import type { KeyRing } from '#control/secrets/key-ring.ts';
import type { DestinationKind } from '#control/store/notice-tables.ts';
import type { Store } from '#control/store/store.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { Resolve } from './address-guard.ts';
import { openSecrets } from './destination-options.ts';
import type { HttpConfig, ShownPair } from './destination-options.ts';
import { sendHttp } from './send-http.ts';
import type { HttpMessage } from './send-http.ts';
import { sendMail } from './send-mail.ts';
import { shownAnswer } from './send-outcome.ts';
import type { SendOutcome } from './send-outcome.ts';
import type { NoticeSettings } from './settings.ts';
import { theSmtpServer } from './smtp-server.ts';

export interface SendParts {
  readonly db: Store['db'];
  readonly keys: KeyRing;
  readonly settings: NoticeSettings;
  readonly resolve?: Resolve | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface Outgoing {
  readonly destination: {
    readonly id: string;
    readonly kind: DestinationKind;
    readonly config: Readonly<Record<string, unknown>>;
    readonly secrets: Readonly<Record<string, string>>;
  };
  /** Of e-mail. */
  readonly address: string | null;
  readonly subject: string;
  readonly body: string;
  /** The same for each try. */
  readonly key: string;
  /** What the message holds and no log may show. */
  readonly secrets?: readonly string[];
  /** Receivers by HTTP are told in a header. */
  readonly isTest?: boolean;
}

export async function sendOutgoing(parts: SendParts, message: Outgoing): Promise<SendOutcome> {
  try {
    if (message.destination.kind === 'email') return await sendByMail(parts, message);
    return await sendHttp(requestOf(parts.keys, message), parts);
  } catch (error) {
    // Something of ours is to be put right first: what waits goes then.
    if (!isRopewayError(error)) throw error;
    return { outcome: 'retry', status: null, answer: shownAnswer(error.message, []) };
  }
}

async function sendByMail(
  parts: SendParts,
  { address, subject, body, key, secrets = [] }: Outgoing,
): Promise<SendOutcome> {
  const server = await theSmtpServer(parts);
  const messageId = `<${key}@${parts.settings.installationId}.ropeway>`;
  const mail = { to: address ?? '', subject, text: body, messageId, secrets };
  return sendMail(mail, { server, timeoutMs: parts.timeoutMs, ca: parts.settings.ca });
}

function requestOf(keys: KeyRing, { destination, subject, body, key, isTest = false }: Outgoing): HttpMessage {
  const opened = openSecrets(keys, destination.id, destination.secrets);
  // A receiver may say them as they came.
  const secrets = [...opened.values()].flatMap((value) => [value, encodeURIComponent(value)]);
  if (destination.kind === 'slack') {
    const webhook = opened.get('webhookUrl') ?? '';
    const url = new URL(webhook);
    return {
      url,
      method: 'POST',
      contentType: 'application/json',
      headers: {},
      body: JSON.stringify({ text: `*${subject}*\n${body}` }),
      key,
      secrets: [...secrets, url.pathname],
    };
  }
  // Written by `keptOptions()`.
  const { url: text, method, contentType, headers, params } = destination.config as unknown as HttpConfig;
  const valueOf = (part: string, { name, value }: ShownPair): string =>
    value ?? opened.get(`${part}.${part === 'headers' ? name.toLowerCase() : name}`) ?? '';
  const url = new URL(text);
  for (const param of params) url.searchParams.append(param.name, valueOf('params', param));
  return {
    url,
    method,
    contentType,
    headers: {
      ...Object.fromEntries(headers.map((each) => [each.name, valueOf('headers', each)])),
      ...(isTest ? { 'ropeway-test': 'true' } : {}),
    },
    body,
    key,
    secrets,
  };
}
