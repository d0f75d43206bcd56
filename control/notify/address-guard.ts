/**
 * Which addresses requests of users may reach: public ones, and those that the installation allows. The name is
 * resolved once, and the connection made to what was judged: another answer of the name server a moment later changes
 * nothing. Our own API is never reached, whatever is allowed.
 */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import type { IPVersion } from 'node:net';
import { networkInterfaces } from 'node:os';
import { noticeErrors } from './errors.ts';
import { bareHost, portOf } from './settings.ts';
import type { NoticeSettings, OwnAddress } from './settings.ts';

export interface JudgedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Networks of IPv4 that are not of the public Internet (IANA's registry of special purposes). */
const special4 = makeList('ipv4', [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);
/** Of IPv6 only what is given out is public, without what carries addresses of IPv4 or is for examples. */
const global6 = makeList('ipv6', ['2000::/3']);
const special6 = makeList('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

function makeList(type: IPVersion, networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/');
    list.addSubnet(address, Number(bits), type);
  }
  return list;
}

export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !special4.check(address, 'ipv4');
  return isIP(address) === 6 && global6.check(address, 'ipv6') && !special6.check(address, 'ipv6');
}

type Guard = Pick<NoticeSettings, 'allowed' | 'own'>;
export type Resolve = (host: string) => Promise<readonly JudgedAddress[]>;

const resolveHost: Resolve = async (host) => {
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
};

/** Where the connection may be made to. Throws `NOTICE_ADDRESS_REFUSED`, or what the name server says. */
export async function judgedAddress(url: URL, guard: Guard, resolve: Resolve = resolveHost): Promise<JudgedAddress> {
  const host = bareHost(url.hostname).toLowerCase();
  const port = portOf(url);
  if (guard.own.some((own) => own.port === port && own.host.toLowerCase() === host)) throw ownRefused(host);
  const literal = isIP(host);
  const addresses: readonly JudgedAddress[] =
    literal === 0 ? await resolve(host) : [{ address: host, family: literal === 6 ? 6 : 4 }];
  // One that is not allowed among several is no accident.
  for (const { address, family } of addresses) {
    if (isOwn(address, port, guard.own)) throw ownRefused(host);
    const isAllowed = isPublic(address) || guard.allowed.check(address, family === 6 ? 'ipv6' : 'ipv4');
    if (!isAllowed) throw refused(host, 'its address is not a public one');
  }
  const [first] = addresses;
  if (first === undefined) throw refused(host, 'it has no address');
  return first;
}

/** What can be said of an address before it is used: names are asked for when something is sent. */
export function refuseAtOnce(url: URL, guard: Guard): void {
  const host = bareHost(url.hostname).toLowerCase();
  const family = isIP(host);
  if (guard.own.some((own) => own.port === portOf(url) && own.host.toLowerCase() === host)) throw ownRefused(host);
  if (family === 0 || isPublic(host)) return;
  if (isOwn(host, portOf(url), guard.own)) throw ownRefused(host);
  if (!guard.allowed.check(host, family === 6 ? 'ipv6' : 'ipv4'))
    throw refused(host, 'its address is not a public one');
}

/** A server that listens everywhere is at each address of the machine. */
function isOwn(address: string, port: number, own: readonly OwnAddress[]): boolean {
  const ofPort = own.filter((each) => each.port === port);
  if (ofPort.some((each) => each.host === address)) return true;
  const isEverywhere = ofPort.some(({ host }) => host === '0.0.0.0' || host === '::' || host === 'localhost');
  return isEverywhere && isOfThisMachine(address);
}

function isOfThisMachine(address: string): boolean {
  if (/^127\.|^0\.0\.0\.0$|^::1?$|^::ffff:/.test(address)) return true;
  return Object.values(networkInterfaces()).some((all) => all?.some((each) => each.address === address) === true);
}

const ownRefused = (host: string) => refused(host, 'that is this service itself');

function refused(host: string, reason: string) {
  return noticeErrors.error('NOTICE_ADDRESS_REFUSED', { host: host.slice(0, 253), reason });
}
