import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { certificateAuthority } from '#test/kit/certificates.ts';
import { smtpReceiver } from '#test/kit/smtp-receiver.ts';
import { sendMail } from './send-mail.ts';
import type { MailMessage } from './send-mail.ts';
import { smtpFromEnvironment } from './smtp-environment.ts';
import type { SmtpConfig } from './smtp-environment.ts';

const message: MailMessage = {
  to: 'a@example.com',
  subject: '失敗: orders',
  text: 'The run failed.\n行 2\n.\nafter a dot\n',
  messageId: '<m1@i.ropeway>',
  secrets: [],
};

function serverAt(port: number, more: Partial<SmtpConfig> = {}): SmtpConfig {
  const base = { host: '127.0.0.1', security: 'none', user: null, password: undefined } as const;
  return { ...base, port, from: 'ropeway@example.com', fromName: 'Ropeway 東京', ...more };
}

it('sendMail() sends one message to one address, as it is', async () => {
  await using receiver = await smtpReceiver();
  const said = await sendMail(message, { server: serverAt(receiver.port) });
  expect(said).toMatchObject({ outcome: 'sent', status: 250 });
  const [mail] = receiver.mails;
  expect(mail).toMatchObject({ from: 'ropeway@example.com', to: ['a@example.com'], isEncrypted: false });
  expect(mail?.text.replaceAll('\r\n', '\n').trim()).toBe(message.text.trim());
  expect(mail?.headers).toMatchObject({
    subject: '失敗: orders',
    from: 'Ropeway 東京 <ropeway@example.com>',
    to: 'a@example.com',
    'message-id': '<m1@i.ropeway>',
    'auto-submitted': 'auto-generated',
  });
});

it.each([
  [421, 'retry'],
  [451, 'retry'],
  [452, 'retry'],
  [550, 'failed'],
  [552, 'failed'],
  [554, 'failed'],
] as const)('sendMail() on %i: %s', async (code, outcome) => {
  await using receiver = await smtpReceiver({ judge: () => code });
  const said = await sendMail(message, { server: serverAt(receiver.port) });
  expect(said).toMatchObject({ outcome, status: code, answer: expect.stringContaining('said the test') as string });
});

it('sendMail() tries again when the server is not there, does not answer, or goes without a word', async () => {
  let port = 0;
  {
    await using hanging = await smtpReceiver({ judge: () => 'hang' });
    ({ port } = hanging);
    const said = await sendMail(message, { server: serverAt(port), timeoutMs: 200 });
    expect(said).toMatchObject({ outcome: 'retry' });
  }
  expect(await sendMail(message, { server: serverAt(port) })).toMatchObject({ outcome: 'retry', status: null });
  await using cutting = await smtpReceiver({ judge: () => 'cut' });
  const said = await sendMail(message, { server: serverAt(cutting.port) });
  expect(said).toMatchObject({ outcome: 'retry' });
  expect(cutting.mails).toHaveLength(1);
});

it('sendMail() adds nothing to the head, whatever is in the subject or the name', async () => {
  await using receiver = await smtpReceiver();
  const evil = 'x\r\nBcc: b@example.com\r\n\r\nbody';
  await sendMail({ ...message, subject: evil }, { server: serverAt(receiver.port, { fromName: evil }) });
  const [mail] = receiver.mails;
  expect(mail?.to).toEqual(['a@example.com']);
  expect(mail?.headers['bcc']).toBeUndefined();
  expect(mail?.text).toContain('The run failed.');
});

it('sendMail() logs in, and only when the line is encrypted where it must be', async () => {
  using authority = certificateAuthority();
  const ca = readFileSync(authority.caFile, 'utf8');
  const certificate = authority.issue('mail', ['IP:127.0.0.1', 'DNS:localhost']);
  const login = { user: 'me', password: 'canary-pass' };
  await using offering = await smtpReceiver({ certificate, login });
  const starttls = serverAt(offering.port, { host: 'localhost', security: 'starttls', ...login });
  expect(await sendMail(message, { server: starttls, ca })).toMatchObject({ outcome: 'sent' });
  expect(offering.mails).toMatchObject([{ isEncrypted: true, user: 'me' }]);
  // Not trusted: nothing is said to it.
  expect(await sendMail(message, { server: starttls })).toMatchObject({ outcome: 'retry', status: null });
  const wrong = await sendMail(message, { server: { ...starttls, password: 'canary-other' }, ca });
  // Ours to put right: it is tried again.
  expect(wrong).toMatchObject({ outcome: 'retry', status: 535 });
  expect(JSON.stringify(wrong)).not.toContain('canary');

  await using encrypted = await smtpReceiver({ certificate, isTls: true, login });
  const tls = serverAt(encrypted.port, { host: 'localhost', security: 'tls', ...login });
  expect(await sendMail(message, { server: tls, ca })).toMatchObject({ outcome: 'sent' });
  expect(encrypted.mails).toMatchObject([{ isEncrypted: true, user: 'me' }]);

  await using plain = await smtpReceiver({ login });
  const stripped = serverAt(plain.port, { host: 'localhost', security: 'starttls', ...login });
  expect(await sendMail(message, { server: stripped, ca })).toMatchObject({ outcome: 'retry' });
  expect(plain.mails).toHaveLength(0);
});

const from = { ROPEWAY_SMTP_FROM: 'Ropeway Tokyo <r@example.com>' };

it.each([
  ['smtps://u%40x:p%3Aw@mail.test', { host: 'mail.test', port: 465, security: 'tls', user: 'u@x', password: 'p:w' }],
  ['smtp://mail.test', { host: 'mail.test', port: 587, security: 'starttls', user: null, password: undefined }],
  ['smtp://mail.test:25?tls=none', { host: 'mail.test', port: 25, security: 'none', user: null }],
])('smtpFromEnvironment() reads %s', (url, expected) => {
  const read = smtpFromEnvironment({ ROPEWAY_SMTP_URL: url, ...from });
  expect(read).toMatchObject({ ...expected, from: 'r@example.com', fromName: 'Ropeway Tokyo' });
});

it.each([
  ['mail.test', from],
  ['smtp://u:canary%@mail.test', from],
  ['http://mail.test', from],
  ['smtp://u:canary@mail.test?tls=maybe', from],
  ['smtp://u:canary@mail.test', {}],
  ['smtp://u:canary@mail.test', { ROPEWAY_SMTP_FROM: 'a@b, c@d' }],
  ['smtp://u:canary@mail.test', { ROPEWAY_SMTP_FROM: 'x\r\ny <a@b>' }],
])('smtpFromEnvironment() refuses %s with %o, without the password', (url, more) => {
  const read = (): unknown => smtpFromEnvironment({ ROPEWAY_SMTP_URL: url, ...more });
  expect(read).toThrow(expect.objectContaining({ code: 'SMTP_SETTINGS_INVALID' }));
  expect(read).not.toThrow(/canary/);
});

it('smtpFromEnvironment() is undefined without a server', () => {
  expect(smtpFromEnvironment({ ...from, ROPEWAY_SMTP_URL: '' })).toBeUndefined();
});
