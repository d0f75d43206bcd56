/**
 * Where the keys come from: `ROPEWAY_SECRET_KEY_FILE`, `ROPEWAY_SECRET_KEY`, or the data folder, where one is made when
 * the installation is new. The database remembers the fingerprints of its keys: a process that has none of them stops
 * here, and does not begin to encrypt under a key that the others do not know.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Logger } from '#spi/context.ts';
import type { Tables } from '#control/store/tables.ts';
import { secretErrors } from './errors.ts';
import { KEY_BYTES, KeyRing } from './key-ring.ts';

const KEYS_MAX = 16;
/** Of our own kind, apart from those of migrations. */
const LOCK_KEY = 7_205_759_404;

export interface KeySources {
  /** `process.env`, or a part of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly dataFolder?: string | undefined;
}

/** The keys of this installation, as they were given; made when there are none and nothing is encrypted yet. */
export async function openKeys(db: Kysely<Tables>, sources: KeySources, log: Logger): Promise<KeyRing> {
  return await db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(${LOCK_KEY})`.execute(trx);
    const known = (await trx.selectFrom('secret_key').select('id').orderBy('added_at').execute()).map(({ id }) => id);
    const given = givenKeys(sources);
    if (given === undefined && known.length > 0) {
      throw secretErrors.error('SECRET_KEY_MISSING', { known: known.join(', ') });
    }
    const { ring, source } = given ?? makeKey(sources, log);
    if (known.length > 0 && !ring.ids.some((id) => known.includes(id))) {
      const params = { source, ours: ring.ids.join(', '), known: known.join(', ') };
      throw secretErrors.error('SECRET_KEY_WRONG', params);
    }
    if (!known.includes(ring.firstId)) await trx.insertInto('secret_key').values({ id: ring.firstId }).execute();
    return ring;
  });
}

interface Given {
  readonly ring: KeyRing;
  readonly source: string;
}

function givenKeys({ environment, dataFolder }: KeySources): Given | undefined {
  const file = environment['ROPEWAY_SECRET_KEY_FILE'];
  if (file !== undefined && file !== '') return { ring: parseKeys(readKeyFile(file), file), source: file };
  const text = environment['ROPEWAY_SECRET_KEY'];
  if (text !== undefined && text !== '') {
    const source = 'ROPEWAY_SECRET_KEY';
    return { ring: parseKeys(text, source), source };
  }
  const own = dataFolder === undefined ? undefined : join(dataFolder, 'secret.key');
  if (own === undefined || !exists(own)) return undefined;
  const mode = statSync(own).mode & 0o777;
  // Of a file that we made. What others give, such as a mounted volume, has its own ways.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw secretErrors.error('SECRET_KEY_FILE_OPEN', { file: own, mode: mode.toString(8) });
  }
  return { ring: parseKeys(readKeyFile(own), own), source: own };
}

/** Separated by white space or commas, the first one encrypts. */
export function parseKeys(text: string, source: string): KeyRing {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const refuse = (no: number, reason: string): never => {
    throw secretErrors.error('SECRET_KEY_INVALID', { no, source, reason });
  };
  if (words.length > KEYS_MAX) refuse(KEYS_MAX + 1, `${KEYS_MAX} keys are the limit.`);
  const [first, ...others] = words.map((word, index) => {
    const bytes = Buffer.from(word, /^[0-9a-f]{64}$/i.test(word) ? 'hex' : 'base64');
    if (!/^[0-9a-z+/=_-]+$/i.test(word)) refuse(index + 1, 'it is neither base64 nor hex.');
    if (bytes.length !== KEY_BYTES) refuse(index + 1, `it has ${bytes.length} bytes instead of ${KEY_BYTES}.`);
    return bytes;
  });
  return first === undefined ? refuse(1, 'there is nothing.') : new KeyRing([first, ...others]);
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw secretErrors.error('SECRET_KEY_FILE_UNREADABLE', { file, reason }, { cause: error });
  }
}

function makeKey({ dataFolder }: KeySources, log: Logger): Given {
  if (dataFolder === undefined) throw secretErrors.error('SECRET_KEY_NOWHERE');
  const file = join(dataFolder, 'secret.key');
  const text = `${randomBytes(KEY_BYTES).toString('base64')}\n`;
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true });
    // Whatever the umask took away or a default of the folder gave.
    chmodSync(draft, 0o600);
    // Fails when there is one by now: a key is never written over.
    linkSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
  log.info('a key for secrets was made: keep a copy apart from the database', { file });
  return { ring: parseKeys(text, file), source: file };
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}
