/**
 * Passwords at rest: argon2id in the PHC format, which says what each was made with, so that the cost may grow. Hashing
 * is bounded: a flood of log-ins neither takes the memory of the machine nor all threads of the pool.
 */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { Refusal } from '#control/http/refusal.ts';
import { Bounded } from './bounded.ts';
import { signInErrors } from './errors.ts';

interface Cost {
  /** Kibibytes. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/**
 * The first of the settings that OWASP recommends. Measured on two cores that others were busy on: 117 to 172 ms and
 * 46 MiB each; RFC 9106's second choice (64 MiB, 3 passes, 4 lanes) took 513 to 916 ms there.
 */
const COST: Cost = { memory: 47_104, passes: 1, parallelism: 1 };
const NONCE_BYTES = 16;
const TAG_BYTES = 32;
/** Of the four threads of the pool, which files and names of hosts need too; and 92 MiB. */
const AT_ONCE = 2;
/** Who waits behind so many others would have given up: about five seconds. */
const WAITING_MAX = 64;
const RETRY_AFTER_S = 5;

export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(NONCE_BYTES);
  return phc(COST, nonce, await derive(password, nonce, { ...COST, tagLength: TAG_BYTES }));
}

/** Takes as long when there is none: nobody learns from the time whether somebody is known. */
export async function isPassword(password: string, hash: string | undefined): Promise<boolean> {
  const { cost, nonce, tag } = parsed(hash ?? nobodysHash);
  const derived = await derive(password, nonce, { ...cost, tagLength: tag.length });
  return timingSafeEqual(derived, tag) && hash !== undefined;
}

/** It was made at another cost than that of today. */
export function isOutdated(hash: string): boolean {
  const { cost } = parsed(hash);
  return cost.memory !== COST.memory || cost.passes !== COST.passes || cost.parallelism !== COST.parallelism;
}

/** Of no password. */
const nobodysHash = phc(COST, randomBytes(NONCE_BYTES), randomBytes(TAG_BYTES));

function phc({ memory, passes, parallelism }: Cost, nonce: Uint8Array, tag: Uint8Array): string {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${text(nonce)}$${text(tag)}`;
}

const pattern = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/-]+)\$([\w+/-]+)$/;

function parsed(hash: string): { cost: Cost; nonce: Buffer; tag: Buffer } {
  const [, memory, passes, parallelism, nonce = '', tag = ''] = pattern.exec(hash) ?? [];
  if (tag === '') throw signInErrors.error('PASSWORD_HASH_UNKNOWN');
  return {
    cost: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    nonce: Buffer.from(nonce, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}

const places = new Bounded({ atOnce: AT_ONCE, waitingMax: WAITING_MAX });

async function derive(
  password: string,
  nonce: Uint8Array,
  cost: Cost & { readonly tagLength: number },
): Promise<Buffer> {
  // The same characters are the same password, however a keyboard composes them.
  const message = Buffer.from(password.normalize('NFKC'));
  const derived = places.run(
    () =>
      new Promise<Buffer>((resolve, reject) => {
        argon2('argon2id', { message, nonce, ...cost }, (error, key) =>
          error === null ? resolve(key) : reject(error),
        );
      }),
  );
  if (derived === undefined) throw new Refusal(signInErrors.error('SIGN_IN_BUSY'), 503, { retryAfterS: RETRY_AFTER_S });
  return await derived;
}
