/** The server for e-mail as the environment names it. */
import { noticeErrors } from './errors.ts';

export interface SmtpConfig {
  readonly host: string;
  readonly port: number;
  readonly security: 'tls' | 'starttls' | 'none';
  readonly user: string | null;
  readonly password: string | undefined;
  readonly from: string;
  readonly fromName: string;
}

const URL_NAME = 'ROPEWAY_SMTP_URL';
const FROM_NAME = 'ROPEWAY_SMTP_FROM';

export function smtpFromEnvironment(environment: Readonly<Record<string, string | undefined>>): SmtpConfig | undefined {
  const text = environment[URL_NAME] ?? '';
  if (text === '') return undefined;
  // It may hold a password: nothing of it is said.
  if (!URL.canParse(text)) throw invalid(URL_NAME, 'it is no address');
  const url = new URL(text);
  if (url.protocol !== 'smtp:' && url.protocol !== 'smtps:') throw invalid(URL_NAME, 'it begins with neither');
  const tls = url.searchParams.get('tls') ?? 'required';
  if (tls !== 'required' && tls !== 'none') throw invalid(URL_NAME, 'tls is neither "required" nor "none"');
  const isTls = url.protocol === 'smtps:';
  const sender = readSender(environment[FROM_NAME] ?? '');
  if (sender === undefined) throw invalid(FROM_NAME, 'write ADDRESS, or NAME <ADDRESS>');
  return {
    host: url.hostname,
    port: url.port === '' ? (isTls ? 465 : 587) : Number(url.port),
    security: isTls ? 'tls' : tls === 'none' ? 'none' : 'starttls',
    user: decoded(url.username) ?? null,
    password: decoded(url.password),
    ...sender,
  };
}

function decoded(text: string): string | undefined {
  if (text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(URL_NAME, 'a percent sign in the name or the password is written %25');
  }
}

function readSender(text: string): { from: string; fromName: string } | undefined {
  const match = /^(?:([^<>\u0000-\u001f\u007f]*)<)?([^\s<>@,;]+@[^\s<>@,;]+)>?$/.exec(text.trim());
  if (match === null) return undefined;
  return { from: match[2] ?? '', fromName: (match[1] ?? '').trim() || 'Ropeway' };
}

function invalid(name: string, reason: string) {
  return noticeErrors.error('SMTP_SETTINGS_INVALID', { name, reason });
}
