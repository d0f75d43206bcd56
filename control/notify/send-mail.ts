/** One message by SMTP, to one address. */
import type { SmtpConfig } from './smtp-environment.ts';
import { shownAnswer } from './send-outcome.ts';
import type { SendOutcome } from './send-outcome.ts';

export interface MailMessage {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same for each try: who gets it twice sees it once. */
  readonly messageId: string;
  /** What no log may show. */
  readonly secrets: readonly string[];
}

export interface MailParts {
  readonly server: SmtpConfig;
  readonly timeoutMs?: number | undefined;
  /** Certificates beside those that everybody trusts. */
  readonly ca?: string | undefined;
}

const TIMEOUT_MS = 15_000;

export async function sendMail(
  message: MailMessage,
  { server, timeoutMs = TIMEOUT_MS, ca }: MailParts,
): Promise<SendOutcome> {
  const { createTransport } = await import('nodemailer');
  const { host, port, security, user, password, from, fromName } = server;
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user === null ? {} : { auth: { user, pass: password ?? '' } }),
    ...(ca === undefined ? {} : { tls: { ca } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    // What a message says is text, never the name of a file or an address to be fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const secrets = [...message.secrets, ...(password === undefined ? [] : [password])];
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const { response } = await transport.sendMail({
      from: { name: fromName, address: from },
      to: { name: '', address: message.to },
      subject: message.subject,
      text: message.text,
      messageId: message.messageId,
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      signal,
    });
    return { outcome: 'sent', status: statusOf(response), answer: shownAnswer(response, secrets) };
  } catch (error) {
    return failureOf(error, secrets);
  } finally {
    transport.close();
  }
}

function failureOf(error: unknown, secrets: readonly string[]): SendOutcome {
  const { responseCode, response, code, message } = error as {
    responseCode?: number;
    response?: string;
    code?: string;
    message?: string;
  };
  const status = responseCode ?? null;
  const answer = shownAnswer(response ?? message ?? String(error), secrets);
  // The name and password are ours to put right: what waits goes then.
  const isOurs = code === 'EAUTH' || code === 'ENOAUTH';
  const isPermanent = status !== null && status >= 500 && !isOurs;
  return { outcome: isPermanent ? 'failed' : 'retry', status, answer };
}

function statusOf(response: string): number | null {
  const status = /^(\d{3})\b/.exec(response)?.[1];
  return status === undefined ? null : Number(status);
}
