/** What the installation says about notices: where it is found itself, what may be reached, who carries its e-mail. */
import { BlockList, isIP } from 'node:net';
import type { IPVersion } from 'node:net';
import { noticeErrors } from './errors.ts';
import { smtpFromEnvironment } from './smtp-environment.ts';
import type { SmtpConfig } from './smtp-environment.ts';

export interface OwnAddress {
  readonly host: string;
  readonly port: number;
}

export interface NoticeSettings {
  /** Tells this installation from others, in the ids of messages. */
  readonly installationId: string;
  /** Where people find the console and links lead to, without a slash at its end. */
  readonly publicUrl: string | undefined;
  /** Networks that are not public, and may be reached nevertheless. */
  readonly allowed: BlockList;
  /** Where our own API is: nothing is sent there. */
  readonly own: readonly OwnAddress[];
  /** What the environment says; it wins over what is stored. */
  readonly smtp: SmtpConfig | undefined;
  readonly release: string;
  /** Certificates beside those that everybody trusts. */
  readonly ca?: string | undefined;
}

export interface SettingsSource {
  readonly installationId: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where people find the console: else what the environment says, else where the API listens. */
  readonly publicUrl?: string | undefined;
  /** Addresses of the API, once they are known. */
  readonly urls?: () => readonly (string | undefined)[];
  readonly release: string;
}

export function noticeSettings({ environment, release, installationId, ...source }: SettingsSource): NoticeSettings {
  const urls = source.urls ?? (() => []);
  const given = source.publicUrl ?? environment['ROPEWAY_PUBLIC_URL'];
  const named = given === '' ? undefined : given;
  return {
    installationId,
    get publicUrl() {
      const url = named ?? urls().find((each) => each !== undefined);
      return url?.replace(/\/+$/, '');
    },
    allowed: networks('ROPEWAY_NOTICE_ALLOW', environment['ROPEWAY_NOTICE_ALLOW'] ?? ''),
    get own() {
      return [named, ...urls()].flatMap((text) => ownAddress(text));
    },
    smtp: smtpFromEnvironment(environment),
    release,
  };
}

function ownAddress(text: string | undefined): OwnAddress[] {
  if (text === undefined || !URL.canParse(text)) return [];
  const url = new URL(text);
  return [{ host: bareHost(url.hostname), port: portOf(url) }];
}

/** Without the brackets of IPv6. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

export function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

function networks(name: string, text: string): BlockList {
  const list = new BlockList();
  for (const part of text.split(/[\s,]+/).filter((each) => each !== '')) {
    const [address = '', prefix] = part.split('/');
    const family = isIP(address);
    const type: IPVersion = family === 6 ? 'ipv6' : 'ipv4';
    const bits = prefix === undefined ? (family === 6 ? 128 : 32) : Number(prefix);
    const isPrefix = prefix === undefined || /^\d{1,3}$/.test(prefix);
    if (family === 0 || !isPrefix || bits > (family === 6 ? 128 : 32)) {
      throw noticeErrors.error('NOTICE_SETTINGS_INVALID', { name, value: part });
    }
    list.addSubnet(address, bits, type);
  }
  return list;
}
