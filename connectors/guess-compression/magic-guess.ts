/** Compressed files by their first bytes. */
import type { Guesser } from '#spi/guess.ts';

export const gzipGuesser: Guesser = magicGuesser('gzip', (sample) => startsWith(sample, [0x1f, 0x8b]));
export const zstdGuesser: Guesser = magicGuesser('zstd', (sample) => startsWith(sample, [0x28, 0xb5, 0x2f, 0xfd]));
/** `BZh`, a digit, and the mark of a block. */
export const bzip2Guesser: Guesser = magicGuesser('bzip2', (sample) => {
  const level = sample[3] ?? 0;
  const isLevel = level >= 0x31 && level <= 0x39;
  return (
    isLevel &&
    startsWith(sample, [0x42, 0x5a, 0x68]) &&
    startsWith(sample.subarray(4), [0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
  );
});

/** `PK`, but not the archives that workbooks of Excel are. */
export const zipGuesser: Guesser = magicGuesser('zip', (sample) => {
  const first = Buffer.from(sample.subarray(30, 80)).toString('latin1');
  const isWorkbook = /^(?:\[Content_Types\]\.xml|_rels\/|xl\/|docProps\/)/.test(first);
  return startsWith(sample, [0x50, 0x4b, 0x03, 0x04]) && !isWorkbook;
});
/** The mark stands behind the first name and its attributes. */
export const tarGuesser: Guesser = magicGuesser('tar', (sample) =>
  startsWith(sample.subarray(257), [0x75, 0x73, 0x74, 0x61, 0x72]),
);

function magicGuesser(type: string, isMatch: (sample: Uint8Array) => boolean): Guesser {
  return {
    guess(_config, sample) {
      if (!isMatch(sample)) return { diff: {}, findings: [] };
      const isArchive = type === 'zip' || type === 'tar';
      const sentence = `The file is ${isArchive ? 'an archive of' : 'compressed with'} ${type}.`;
      return { diff: { decoders: [{ type }] }, findings: [{ topic: 'decoder', sentence, confidence: 'certain' }] };
    },
  };
}

function startsWith(sample: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => sample[index] === byte);
}
