import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { catalog } from '#connectors/catalog.ts';
import { assert } from '#spi/assert.ts';
import type { JsonObject } from '#spi/json.ts';
import type { Kinds } from '#spi/plugin.ts';
import { parsingContext, pieces } from '#test/kit/parsing.ts';
import { zipFile } from '#test/kit/zip-files.ts';

const fixtures = join(import.meta.dirname, '../../test/formats/archives');
const fixture = (name: string): Buffer => readFileSync(join(fixtures, name));
const tarFixture = (name: string): Buffer => gunzipSync(fixture(`${name}.tar.gz`));

interface UnpackOptions {
  readonly pieceBytes?: number;
  readonly tempDir?: string;
  readonly isPreview?: boolean;
  /** Bytes of each file that are read before the next one is asked for. */
  readonly readBytes?: number;
}

/** Files in the archive, as far as they are read. */
async function unpack(
  decoder: string,
  config: JsonObject,
  content: Uint8Array,
  options: UnpackOptions = {},
): Promise<Record<string, string>> {
  const { pieceBytes = 10_000, readBytes = Infinity } = options;
  const plugin = catalog.find((member) => member.kind === 'decoder' && member.name === decoder);
  assert(plugin, 'tests name decoders of the catalogue');
  // The config has passed the plugin's own schema.
  const loaded = (await plugin.load()) as unknown as Kinds<unknown>['decoder'];
  assert('unpack' in loaded, 'these decoders are for archives');
  const resolved = (await plugin.config()).parse(config);
  const found: Record<string, string> = {};
  const ctx = parsingContext([], options);
  for await (const { name, bytes } of loaded.unpack(resolved, pieces(content, pieceBytes), { name: 'x' }, ctx)) {
    const parts: Buffer[] = [];
    let length = 0;
    for await (const chunk of bytes) {
      parts.push(Buffer.from(chunk));
      length += chunk.length;
      if (length >= readBytes) break;
    }
    found[name.replace(/^x#/, '')] = Buffer.concat(parts).toString();
  }
  return found;
}

const ab = { name: 'a.csv', content: '1,a\n' };
const cd = { name: 'c.csv', content: '2,c\n'.repeat(100) };
const both = { 'a.csv': '1,a\n', 'c.csv': '2,c\n'.repeat(100) };

describe('zip decoder', () => {
  it.each([1, 7, 100_000])(
    'reads what Python has written without seeking, in pieces of %i bytes',
    async (pieceBytes) => {
      expect(await unpack('zip', {}, fixture('python-streamed.zip'), { pieceBytes })).toEqual({
        'data/a.csv': '1,a\n2,b\n'.repeat(50),
        'データ.csv': '3,言\n',
        'stored.csv': '4,d\n',
        'empty.csv': '',
      });
    },
  );

  it.each([
    ['stored files', zipFile([{ ...ab, method: 0 }, cd])],
    ['a comment', zipFile([ab, cd], { comment: 'PK\x05\x06 and more' })],
    ['something before it', zipFile([ab, cd], { prefix: Buffer.from('#!/bin/sh\n') })],
    ['something behind it', Buffer.concat([zipFile([ab, cd]), Buffer.alloc(100)])],
    ['large numbers', zipFile([{ ...ab, isLarge: true }, cd], { isLarge: true })],
    [
      'large numbers behind something',
      zipFile([ab, { ...cd, isLarge: true }], { isLarge: true, prefix: Buffer.from('x') }),
    ],
  ])('reads an archive with %s', async (_title, archive) => {
    expect(await unpack('zip', {}, archive)).toEqual(both);
  });

  it('reads the files whose names match, in the order of the table', async () => {
    const parts = ['b/2.csv', 'b/1.csv', 'a.txt'].map((name) => ({ name, content: name }));
    expect(Object.keys(await unpack('zip', { match_name: '^b/.*\\.csv$' }, zipFile(parts)))).toEqual([
      'b/2.csv',
      'b/1.csv',
    ]);
    expect(await unpack('zip', { match_name: 'nothing' }, zipFile(parts))).toEqual({});
  });

  it('reads names in UTF-8, or else in Shift_JIS or what is said', async () => {
    const shift = Buffer.from('8366815b835e', 'hex');
    expect(Object.keys(await unpack('zip', {}, zipFile([{ name: shift, content: '' }])))).toEqual(['データ']);
    const latin = zipFile([{ name: Buffer.from('e92e', 'hex'), content: '' }]);
    expect(Object.keys(await unpack('zip', { name_charset: 'latin1' }, latin))).toEqual(['é.']);
  });

  it('reads an archive without files, and no bytes at all', async () => {
    expect(await unpack('zip', {}, zipFile([]))).toEqual({});
    expect(await unpack('zip', {}, Buffer.alloc(0))).toEqual({});
  });

  it('goes on to the next file when one is not read to its end', async () => {
    const long = Array.from({ length: 100_000 }, (_, index) => `${index}\n`).join('');
    const found = await unpack('zip', {}, zipFile([{ name: 'a', content: long }, ab]), { readBytes: 1 });
    expect(found).toMatchObject({ a: expect.stringMatching(/^0\n1\n/), 'a.csv': '1,a\n' });
  });

  it('puts large archives aside, and leaves nothing behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'archive-test-'));
    const content = Buffer.from(Array.from({ length: 5_000_000 }, (_, index) => (index * index) & 0xff));
    const archive = zipFile([{ name: 'noise', content, method: 0 }, ab]);
    const found = await unpack('zip', {}, archive, { tempDir: folder, pieceBytes: 1_000_000 });
    expect([found['noise']?.length === content.toString().length, found['a.csv']]).toEqual([true, '1,a\n']);
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  const whole = zipFile([ab, cd]);
  it.each<[string, Uint8Array, string, RegExp]>([
    ['text', Buffer.from('a,b\n1,2\n'), 'ARCHIVE_NOT_THIS', /no zip/],
    ['a part of an archive', whole.subarray(0, -10), 'ARCHIVE_TRUNCATED', /its files/],
    ['a wrong checksum', zipFile([{ ...ab, crc: 1 }]), 'ARCHIVE_DAMAGED', /'a.csv': its checksum/],
    ['a file that is too short', zipFile([{ ...ab, plainBytes: 5 }]), 'ARCHIVE_DAMAGED', /4 instead of 5 bytes/],
    ['a file that is too long', zipFile([{ ...ab, plainBytes: 3 }]), 'ARCHIVE_DAMAGED', /longer than the 3 bytes/],
    ['files that overlap', zipFile([ab, { ...cd, offset: 0 }]), 'ARCHIVE_DAMAGED', /overlap/],
    ['an entry that is elsewhere', zipFile([{ ...ab, offset: 1 }, cd]), 'ARCHIVE_DAMAGED', /header|overlap/],
    ['encryption', zipFile([{ ...ab, flags: 1 }]), 'ARCHIVE_UNSUPPORTED', /encrypted/],
    ['AES', zipFile([{ ...ab, method: 99 }]), 'ARCHIVE_UNSUPPORTED', /encrypted/],
    ['Deflate64', zipFile([{ ...ab, method: 9 }]), 'ARCHIVE_UNSUPPORTED', /with Deflate64/],
    ['bzip2', fixture('bzip2.zip'), 'ARCHIVE_UNSUPPORTED', /with bzip2/],
    ['damaged bytes', Buffer.from(whole).fill(0xff, 36, 40), 'ARCHIVE_DAMAGED', /inflated|longer|checksum/],
  ])('refuses %s', async (_title, archive, code, message) => {
    const refused = unpack('zip', {}, archive);
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('refuses an archive that becomes much larger than it is', async () => {
    const content = Buffer.alloc(300 * 1024 * 1024);
    const bomb = unpack('zip', {}, zipFile([{ name: 'zeros', content }]), { readBytes: Infinity });
    await expect(bomb).rejects.toMatchObject({ code: 'ARCHIVE_EXPANDS', where: { file: 'x#zeros' } });
  });

  it('gives the first file of an archive that is cut off, to one who wants a look', async () => {
    const archive = fixture('python-streamed.zip');
    const found = await unpack('zip', {}, archive.subarray(0, archive.length - 30), { isPreview: true });
    expect(found).toEqual({ 'first file': '1,a\n2,b\n'.repeat(50) });
  });

  it.each([
    [{ match_name: '(' }, 'match_name'],
    [{ name_charset: 'klingon' }, 'name_charset'],
  ])('refuses %j', async (config, option) => {
    await expect(unpack('zip', config, whole)).rejects.toMatchObject({ kind: 'config', where: { path: [option] } });
  });
});

describe('tar decoder', () => {
  const last = 'x'.repeat(512);
  const names = {
    pax: `long/${'n'.repeat(150)}データ.csv`,
    gnu: `long/${'n'.repeat(150)}データ.csv`,
    ustar: `${'p'.repeat(120)}/${'n'.repeat(80)}.csv`,
  };

  it.each(Object.entries(names))('reads %s archives, in any pieces', async (format, name) => {
    const expected = { 'data/a.csv': '1,a\n'.repeat(200), [name]: '2,b\n', 'empty.csv': '', 'last.csv': last };
    for (const pieceBytes of [1, 100, 511, 512, 10_000]) {
      expect(await unpack('tar', {}, tarFixture(format), { pieceBytes })).toEqual(expected);
    }
  });

  it('reads the files whose names match, and goes on when one is not read to its end', async () => {
    const found = await unpack('tar', { match_name: 'a\\.csv|last' }, tarFixture('gnu'), {
      pieceBytes: 64,
      readBytes: 1,
    });
    expect(found).toEqual({ 'data/a.csv': '1,a\n'.repeat(16), 'last.csv': 'x'.repeat(64) });
  });

  it('reads an archive without an end, and no bytes at all', async () => {
    const archive = tarFixture('gnu');
    const end = archive.lastIndexOf('x') + 1;
    expect(await unpack('tar', {}, archive.subarray(0, end))).toMatchObject({ 'last.csv': last });
    expect(await unpack('tar', {}, Buffer.alloc(0))).toEqual({});
  });

  const pax = tarFixture('pax');
  it.each<[string, Uint8Array, string, RegExp]>([
    ['text', Buffer.from('a,b\n'.repeat(300)), 'ARCHIVE_NOT_THIS', /no tar/],
    ['little text', Buffer.from('a,b\n'), 'ARCHIVE_NOT_THIS', /no tar/],
    ['half a file', pax.subarray(0, 1200), 'ARCHIVE_TRUNCATED', /'data\/a.csv'/],
    ['half a header', pax.subarray(0, 800), 'ARCHIVE_TRUNCATED', /a header/],
    ['a damaged header', Buffer.from(pax).fill(0x41, 512, 520), 'ARCHIVE_DAMAGED', /at 'data\/?'/],
    ['a sparse file', tarFixture('sparse'), 'ARCHIVE_UNSUPPORTED', /sparse/],
    ['a sparse file by pax', tarFixture('sparse-pax'), 'ARCHIVE_UNSUPPORTED', /sparse/],
  ])('refuses %s', async (_title, archive, code, message) => {
    const refused = unpack('tar', {}, archive);
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('passes over a sparse file that is not wanted', async () => {
    expect(await unpack('tar', { match_name: 'other' }, tarFixture('sparse'))).toEqual({});
  });
});

describe('commons-compress decoder', () => {
  const zip = zipFile([ab]);
  it.each<[string, Uint8Array, string]>([
    ['zip', zip, 'a.csv'],
    ['jar', zip, 'a.csv'],
    ['', zip, 'a.csv'],
    ['tar', tarFixture('pax'), 'last.csv'],
    ['', tarFixture('pax'), 'last.csv'],
    ['tgz', fixture('pax.tar.gz'), 'last.csv'],
    ['tar gzip', fixture('pax.tar.gz'), 'last.csv'],
    ['TAR.GZ', fixture('pax.tar.gz'), 'last.csv'],
    ['gzip', gzipSync('1,a\n'), 'x'],
    ['', gzipSync('1,a\n'), 'x'],
  ])('reads the format %j', async (format, archive, name) => {
    for (const pieceBytes of [1, 1000]) {
      expect(Object.keys(await unpack('commons-compress', { format }, archive, { pieceBytes }))).toContain(name);
    }
  });

  it.each([
    ['7z', zip],
    ['', Buffer.from('text')],
  ])('refuses the format %j', async (format, archive) => {
    const refused = unpack('commons-compress', { format }, archive);
    await expect(refused).rejects.toMatchObject({ code: 'ARCHIVE_OPTION', where: { path: ['format'] } });
  });
});
