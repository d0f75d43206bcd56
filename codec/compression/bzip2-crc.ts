/** bzip2's checksum: CRC-32 with the bits of a byte from the top. */

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000_0000 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
  return crc >>> 0;
});

/** The checksum after one more byte; begin with 0xFFFFFFFF, and invert at the end. */
export function updateCrc(crc: number, byte: number): number {
  return ((crc << 8) ^ (table[((crc >>> 24) ^ byte) & 0xff] as number)) >>> 0; // the index is a byte
}

/** A stream's checksum after one more block. */
export function combineCrc(stream: number, block: number): number {
  return (((stream << 1) | (stream >>> 31)) ^ block) >>> 0;
}
