/** The checksum of two pieces behind each other from those of the pieces. */

/** x to the power of 2^k, modulo the polynomial of CRC-32 with its bits reversed, for k from 0. */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x8000_0000;
/** Bits of the greatest length that a number holds exactly, and three for bits within bytes. */
const POWERS = 56;

const powers: number[] = [];

/** `first` and `second` are the CRC-32 (as of zlib) of two pieces, `secondLength` the bytes of the second one. */
export function combineCrc(first: number, second: number, secondLength: number): number {
  if (powers.length === 0) {
    powers.push(ONE >>> 1);
    while (powers.length < POWERS) powers.push(product(powers.at(-1) ?? 0, powers.at(-1) ?? 0));
  }
  let crc = first >>> 0;
  // A byte behind the first piece multiplies its checksum by x^8.
  let length = secondLength;
  for (let power = 3; length > 0; power++) {
    if (length % 2 === 1) crc = product(powers[power] ?? 0, crc);
    length = Math.floor(length / 2);
  }
  return (crc ^ second) >>> 0;
}

/** The product of two polynomials modulo that of the checksum; the highest bit is that of x^0. */
function product(left: number, right: number): number {
  let result = 0;
  let factor = right;
  for (let mask = ONE; mask !== 0; mask >>>= 1) {
    if ((left & mask) !== 0) result ^= factor;
    factor = (factor & 1) !== 0 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
  return result >>> 0;
}
