/** A real SMTP server on this machine that keeps what it gets, and misbehaves as a test wants. */
import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerOptions } from 'smtp-server';
import type { IssuedCertificate } from './certificates.ts';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Names in lower case; of a header that is there several times the last. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded from base64 or quoted-printable. */
  readonly text: string;
  readonly isEncrypted: boolean;
  readonly user: string | undefined;
}

/** What it says to a message: nothing to take it, a code to refuse it, `cut` to take it and close without a word. */
export type Verdict = undefined | number | 'cut' | 'hang';

export interface SmtpReceiver extends AsyncDisposable {
  readonly port: number;
  /** Also those that were taken without a word. */
  readonly mails: readonly ReceivedMail[];
}

export interface SmtpReceiverOptions {
  readonly judge?: (mail: ReceivedMail, index: number) => Verdict;
  /** With it STARTTLS is offered, or with `isTls` there is TLS from the beginning. */
  readonly certificate?: IssuedCertificate;
  readonly isTls?: boolean;
  readonly login?: { readonly user: string; readonly password: string };
}

export async function smtpReceiver(options: SmtpReceiverOptions = {}): Promise<SmtpReceiver> {
  const { judge = () => undefined, certificate, isTls = false, login } = options;
  const mails: ReceivedMail[] = [];
  const sockets = new Set<Socket>();
  const settings: SMTPServerOptions = {
    secure: isTls,
    ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
    hideSTARTTLS: certificate === undefined || isTls,
    authOptional: login === undefined,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    onAuth(auth, _session, done) {
      const isRight = auth.username === login?.user && auth.password === login?.password;
      if (isRight) done(null, { user: auth.username ?? '' });
      else done(Object.assign(new Error('Wrong name or password'), { responseCode: 535 }));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { envelope, secure, user } = session;
        const { mailFrom, rcptTo } = envelope;
        const mail: ReceivedMail = {
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          ...readMail(Buffer.concat(chunks).toString('utf8')),
          isEncrypted: secure,
          user: typeof user === 'string' ? user : undefined,
        };
        const verdict = judge(mail, mails.length);
        if (typeof verdict === 'number') {
          done(Object.assign(new Error(`No, said the test (${verdict})`), { responseCode: verdict }));
          return;
        }
        mails.push(mail);
        if (verdict === 'cut') for (const socket of sockets) socket.destroy();
        else if (verdict !== 'hang') done();
      });
    },
  };
  const server = new SMTPServer(settings);
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  // What a client does wrong on purpose is no error of the test.
  server.on('error', () => undefined);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', () => listening()));
  // It listens on TCP.
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    mails,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}

function readMail(raw: string): Pick<ReceivedMail, 'headers' | 'text'> {
  const split = raw.indexOf('\r\n\r\n');
  const head = raw.slice(0, split).replace(/\r\n[ \t]+/g, ' ');
  const headers = Object.fromEntries(
    head.split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), decodeWords(line.slice(colon + 1).trim())];
    }),
  );
  const body = raw.slice(split + 4);
  const encoding = headers['content-transfer-encoding']?.toLowerCase();
  if (encoding === 'base64') return { headers, text: Buffer.from(body, 'base64').toString('utf8') };
  return { headers, text: encoding === 'quoted-printable' ? quotedPrintable(body.replace(/=\r\n/g, '')) : body };
}

/** Encoded words of RFC 2047; spaces between two of them are none. */
function decodeWords(text: string): string {
  return text
    .replace(/(=\?[^?]+\?[BQbq]\?[^?]*\?=)\s+(?==\?)/g, '$1')
    .replace(/=\?utf-8\?([BQ])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toUpperCase() === 'B'
        ? Buffer.from(word, 'base64').toString('utf8')
        : quotedPrintable(word.replaceAll('_', ' ')),
    );
}

function quotedPrintable(text: string): string {
  const bytes = text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
