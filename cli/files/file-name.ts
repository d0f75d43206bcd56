/** File names of resources: readable, the same for everybody, and good on any file system. */
import { createHash } from 'node:crypto';

/** Bytes, so that the hash and the extension fit into the 255 that file systems allow. */
const STEM_BYTES_MAX = 120;
const HASH_LENGTH = 8;
/** Names that Windows keeps for devices. */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)$/;

/**
 * The names of the files, by the names of the resources. What would share a file name, also where case or the form of
 * accents does not count, carries a hash of its name.
 *
 * @example
 * fileNames(['Sales/Orders', 'sales orders', '売上']) // sales-orders-1a2b3c4d.yml, sales-orders-5e6f7a8b.yml, 売上.yml
 */
export function fileNames(names: readonly string[], taken: ReadonlySet<string> = new Set()): Map<string, string> {
  const stems = new Map(names.map((name) => [name, stemOf(name)]));
  const uses = new Map<string, number>();
  for (const stem of stems.values()) uses.set(stem, (uses.get(stem) ?? 0) + 1);
  return new Map(
    [...stems].map(([name, stem]) => {
      const isPlain = stem !== '' && !reserved.test(stem) && uses.get(stem) === 1 && !taken.has(`${stem}.yml`);
      return [name, isPlain ? `${stem}.yml` : `${[stem, hashOf(name)].filter((part) => part !== '').join('-')}.yml`];
    }),
  );
}

function stemOf(name: string): string {
  const words = name
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '');
  let stem = '';
  for (const character of words) {
    if (Buffer.byteLength(stem + character) > STEM_BYTES_MAX) break;
    stem += character;
  }
  return stem.replace(/-+$/, '');
}

function hashOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
}
