/** Zip archives byte by byte, with everything that can be strange about them. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipPart {
  readonly name: string | Buffer;
  readonly content: string | Buffer;
  readonly method?: number;
  readonly flags?: number;
  /** Sizes and offset stand in the extra field. */
  readonly isLarge?: boolean;
  readonly crc?: number;
  readonly plainBytes?: number;
  /** Where the table says that the entry is, instead of where it is. */
  readonly offset?: number;
}

export interface ZipFileOptions {
  /** Before the archive. */
  readonly prefix?: Buffer;
  readonly comment?: string;
  /** The end is that of a zip64 archive. */
  readonly isLarge?: boolean;
}

export function zipFile(parts: readonly ZipPart[], options: ZipFileOptions = {}): Buffer {
  const { prefix = Buffer.alloc(0), comment = '', isLarge = false } = options;
  const pieces: Buffer[] = [];
  const table: Buffer[] = [];
  let at = 0;
  for (const part of parts) {
    const { local, central } = entry(part, at);
    pieces.push(local);
    table.push(central);
    at += local.length;
  }
  const directory = Buffer.concat(table);
  if (isLarge) pieces.push(directory, largeEnd(parts.length, directory.length, at));
  else pieces.push(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(isLarge ? 0xffff : parts.length, 8);
  end.writeUInt16LE(isLarge ? 0xffff : parts.length, 10);
  end.writeUInt32LE(isLarge ? 0xffff_ffff : directory.length, 12);
  end.writeUInt32LE(isLarge ? 0xffff_ffff : at, 16);
  end.writeUInt16LE(Buffer.byteLength(comment), 20);
  return Buffer.concat([prefix, ...pieces, end, Buffer.from(comment)]);
}

function entry(part: ZipPart, at: number): { local: Buffer; central: Buffer } {
  const { method = 8, flags = 0, isLarge = false } = part;
  const name = Buffer.from(part.name);
  const content = Buffer.from(part.content);
  const packed = method === 8 ? deflateRawSync(content) : content;
  const crc = part.crc ?? crc32(content);
  const plainBytes = part.plainBytes ?? content.length;
  const offset = part.offset ?? at;
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(flags, 6);
  local.writeUInt16LE(method, 8);
  local.writeUInt32LE(crc, 14);
  local.writeUInt32LE(packed.length, 18);
  local.writeUInt32LE(plainBytes, 22);
  local.writeUInt16LE(name.length, 26);
  const extra = isLarge ? Buffer.alloc(28) : Buffer.alloc(0);
  if (isLarge) {
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(24, 2);
    extra.writeBigUInt64LE(BigInt(plainBytes), 4);
    extra.writeBigUInt64LE(BigInt(packed.length), 12);
    extra.writeBigUInt64LE(BigInt(offset), 20);
  }
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(flags, 8);
  central.writeUInt16LE(method, 10);
  central.writeUInt32LE(crc, 16);
  central.writeUInt32LE(isLarge ? 0xffff_ffff : packed.length, 20);
  central.writeUInt32LE(isLarge ? 0xffff_ffff : plainBytes, 24);
  central.writeUInt16LE(name.length, 28);
  central.writeUInt16LE(extra.length, 30);
  central.writeUInt32LE(isLarge ? 0xffff_ffff : offset, 42);
  return { local: Buffer.concat([local, name, packed]), central: Buffer.concat([central, name, extra]) };
}

function largeEnd(count: number, directoryBytes: number, offset: number): Buffer {
  const end = Buffer.alloc(56 + 20);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeBigUInt64LE(BigInt(count), 24);
  end.writeBigUInt64LE(BigInt(count), 32);
  end.writeBigUInt64LE(BigInt(directoryBytes), 40);
  end.writeBigUInt64LE(BigInt(offset), 48);
  end.writeUInt32LE(0x07064b50, 56);
  end.writeBigUInt64LE(BigInt(offset + directoryBytes), 64);
  end.writeUInt32LE(1, 72);
  return end;
}
