// The bits on their way out, between two calls. Functions that write many keep them in locals.
import { OUTPUT } from './deflate-layout';

export let bits: u64 = 0;
/** 0 to 7 between calls. */
export let bitCount: u64 = 0;
export let output: usize = OUTPUT;

export function keepBits(newBits: u64, newCount: u64, newOutput: usize): void {
  bits = newBits;
  bitCount = newCount;
  output = newOutput;
}

/** At most 32 bits, the lowest first. */
export function putBits(value: u32, count: u32): void {
  let held = bits | ((<u64>value) << bitCount);
  const heldCount = bitCount + count;
  store<u64>(output, held);
  keepBits(held >> (heldCount & 56), heldCount & 7, output + <usize>(heldCount >> 3));
}

/** The place in the output, in bits from its start: what `rewind` comes back to. */
export function bitPosition(): u32 {
  return (<u32>(output - OUTPUT) << 3) + <u32>bitCount;
}

/** Back to a place where no more was written than is to be kept. */
export function rewind(position: u32): void {
  const count = <u64>(position & 7);
  const address = OUTPUT + (position >> 3);
  keepBits(<u64>load<u8>(address) & ((1 << count) - 1), count, address);
}

/** Moves the begun byte to the start of the output: all bytes before it have been taken. */
export function restart(): void {
  store<u8>(OUTPUT, <u8>bits);
  output = OUTPUT;
}
