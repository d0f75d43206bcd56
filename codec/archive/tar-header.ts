/** Headers of tar archives: POSIX ustar and pax, GNU's long names and large numbers. */

export const TAR_BLOCK_BYTES = 512;

export interface TarHeader {
  readonly name: Uint8Array;
  readonly sizeBytes: number;
  /** The character of the type; `0` for an ordinary file. */
  readonly type: string;
}

/** What an extended header says of the file behind it. */
export interface PaxFields {
  readonly path?: Uint8Array;
  readonly sizeBytes?: number;
  readonly isSparse: boolean;
}

export function isZeroBlock(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/** Undefined when the block is no header: its checksum says so. */
export function parseTarHeader(block: Buffer): TarHeader | undefined {
  const checksum = numberOf(block.subarray(148, 156));
  if (checksum !== checksumOf(block)) return undefined;
  const sizeBytes = numberOf(block.subarray(124, 136));
  if (sizeBytes === undefined) return undefined;
  const type = String.fromCharCode(block[156] as number); // the block is whole
  const name = textOf(block.subarray(0, 100));
  // GNU's own format has other things in the place of the prefix.
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? textOf(block.subarray(345, 500)) : Buffer.alloc(0);
  return {
    name: prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]),
    sizeBytes,
    type: type === '\0' ? '0' : type,
  };
}

function textOf(field: Buffer): Buffer {
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

/** Octal digits, or GNU's binary form; undefined for what is neither, or does not fit. */
function numberOf(field: Buffer): number | undefined {
  const first = field[0] as number; // fields are not empty
  if (first & 0x80) {
    // A negative number, or one beyond what a double can count.
    if (first !== 0x80 || field.subarray(1, field.length - 7).some((byte) => byte !== 0)) return undefined;
    const value = Number(field.readBigUInt64BE(field.length - 8) & 0x00ff_ffff_ffff_ffffn);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const text = textOf(field).toString('latin1').trim();
  return /^[0-7]*$/.test(text) ? Number.parseInt(text === '' ? '0' : text, 8) : undefined;
}

/** The sum of all bytes, with blanks in the place of the checksum itself. */
function checksumOf(block: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < TAR_BLOCK_BYTES; at++) if (at < 148 || at >= 156) sum += block[at] as number; // a whole block
  return sum;
}

/** The records of an extended header (`length key=value`, a line each); undefined when it is damaged. */
export function parsePax(bytes: Buffer): PaxFields | undefined {
  let path: Uint8Array | undefined;
  let sizeBytes: number | undefined;
  let isSparse = false;
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(bytes.toString('latin1', at, space));
    const equals = bytes.indexOf(0x3d, space);
    const end = at + length;
    const isWhole = Number.isInteger(length) && equals > space && equals < end && bytes[end - 1] === 0x0a;
    if (!isWhole) return undefined;
    const key = bytes.toString('utf8', space + 1, equals);
    const value = bytes.subarray(equals + 1, end - 1);
    if (key === 'path') path = value;
    else if (key === 'size') sizeBytes = Number(value.toString('latin1'));
    else if (key.startsWith('GNU.sparse.')) isSparse = true;
    at = end;
  }
  if (sizeBytes !== undefined && !(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0)) return undefined;
  return {
    ...(path === undefined ? {} : { path }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    isSparse,
  };
}
