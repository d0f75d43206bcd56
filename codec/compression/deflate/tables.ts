/** The two codes of a block (literals and lengths; distances), their header, and what they make of given counts. */
import { codeLengths } from '#codec/compression/huffman-lengths.ts';
import { canonicalCodes, codeBits, codeOf, codeSize, sparseLengths } from './prefix-codes.ts';

export const SYMBOLS = 286;
export const DISTANCE_SYMBOLS = 30;
export const END_OF_BLOCK = 256;
export const LENGTH_MIN = 3;
export const LENGTH_MAX = 258;
const FIRST_LENGTH_SYMBOL = 257;

const SYMBOL_CODE_MAX = 15;
const DISTANCE_CODE_MAX = 15;
const HEADER_CODE_MAX = 7;

/** What a symbol that did not occur counts, in parts of one that did: it may occur later. */
const SEEN_WEIGHT = 4;

/** How often each symbol occurs. */
export interface SymbolCounts {
  readonly symbols: Uint32Array;
  readonly distances: Uint32Array;
}

/** Bits on their way into the stream: value and number. */
export type BitField = readonly [value: number, count: number];

export interface CodeTables {
  readonly symbolLengths: Uint8Array;
  readonly distanceLengths: Uint8Array;
  /** The start of a block that is not the last one, up to the first symbol. */
  readonly header: readonly BitField[];
}

/** Codes for every symbol, made from what occurred in a part. */
export function fullTables(counts: SymbolCounts): CodeTables {
  const weights = (values: Uint32Array): Uint32Array => values.map((count) => count * SEEN_WEIGHT + 1);
  return dynamicTables(
    codeLengths(weights(counts.symbols), SYMBOL_CODE_MAX),
    codeLengths(weights(counts.distances), DISTANCE_CODE_MAX),
  );
}

/** Codes for exactly the symbols that occur, the end of the block among them. */
export function exactTables(counts: SymbolCounts): CodeTables {
  const symbols = counts.symbols.slice();
  symbols[END_OF_BLOCK] = 1;
  return dynamicTables(sparseLengths(symbols, SYMBOL_CODE_MAX), sparseLengths(counts.distances, DISTANCE_CODE_MAX));
}

export function dynamicTables(symbolLengths: Uint8Array, distanceLengths: Uint8Array): CodeTables {
  return { symbolLengths, distanceLengths, header: dynamicHeader(symbolLengths, distanceLengths) };
}

/** The codes that every decoder knows; worth it for a few bytes only. */
export function fixedTables(): CodeTables {
  const symbolLengths = Uint8Array.from({ length: 288 }, (_, symbol) =>
    symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
  );
  return { symbolLengths, distanceLengths: new Uint8Array(DISTANCE_SYMBOLS).fill(5), header: [[0b010, 3]] };
}

/** Bits that symbols of these counts take, without header. */
export function encodedBits(tables: CodeTables, counts: SymbolCounts): number {
  let total = tables.symbolLengths[END_OF_BLOCK] ?? 0;
  for (const [symbol, count] of counts.symbols.entries())
    total += count * ((tables.symbolLengths[symbol] ?? 0) + lengthExtraBits(symbol));
  for (const [symbol, count] of counts.distances.entries())
    total += count * ((tables.distanceLengths[symbol] ?? 0) + distanceExtraBits(symbol));
  return total;
}

/** What the best codes could make of these counts, fractions of bits included: no less is possible. */
export function entropyBits({ symbols, distances }: SymbolCounts): number {
  let total = 0;
  for (const [symbol, count] of symbols.entries()) total += count * lengthExtraBits(symbol);
  for (const [symbol, count] of distances.entries()) total += count * distanceExtraBits(symbol);
  for (const counts of [symbols, distances]) {
    const sum = counts.reduce((all, count) => all + count, 0);
    for (const count of counts) if (count > 0) total += count * Math.log2(sum / count);
  }
  return total;
}

export function headerBits(tables: CodeTables): number {
  return tables.header.reduce((total, [, count]) => total + count, 0);
}

function lengthExtraBits(symbol: number): number {
  return symbol < 265 || symbol === 285 ? 0 : (symbol - 261) >> 2;
}

function distanceExtraBits(symbol: number): number {
  return Math.max(0, (symbol >> 1) - 1);
}

/** For each length from 3 to 258 its code together with its extra bits, as the kernel wants them. */
export function lengthCodes(symbolCodes: Uint32Array): Uint32Array {
  const codes = new Uint32Array(LENGTH_MAX - LENGTH_MIN + 1);
  let length = LENGTH_MIN;
  for (let symbol = FIRST_LENGTH_SYMBOL; symbol < SYMBOLS; symbol++) {
    const code = symbolCodes[symbol] ?? 0;
    const size = codeSize(code);
    const extraBits = lengthExtraBits(symbol);
    // The last symbol is for 258 alone, although the one before could express it as well.
    if (symbol === SYMBOLS - 1) length = LENGTH_MAX;
    for (let extra = 0; extra < 1 << extraBits && length <= LENGTH_MAX; extra++, length++)
      codes[length - LENGTH_MIN] = codeOf(codeBits(code) | (extra << size), size + extraBits);
  }
  return codes;
}

/** The order in which the lengths of the header's own code stand: RFC 1951, 3.2.7. */
const HEADER_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

function dynamicHeader(symbolLengths: Uint8Array, distanceLengths: Uint8Array): BitField[] {
  const symbolCount = Math.max(FIRST_LENGTH_SYMBOL, symbolLengths.findLastIndex((length) => length > 0) + 1);
  const distanceCount = Math.max(1, distanceLengths.findLastIndex((length) => length > 0) + 1);
  const runs = lengthRuns([...symbolLengths.subarray(0, symbolCount), ...distanceLengths.subarray(0, distanceCount)]);
  const counts = new Uint32Array(HEADER_ORDER.length);
  for (const [symbol] of runs) counts[symbol] = (counts[symbol] ?? 0) + 1;
  const lengths = sparseLengths(counts, HEADER_CODE_MAX);
  const codes = canonicalCodes(lengths);
  const orderCount = Math.max(4, HEADER_ORDER.findLastIndex((symbol) => (lengths[symbol] ?? 0) > 0) + 1);
  const fields: BitField[] = [
    [0b100, 3],
    [symbolCount - FIRST_LENGTH_SYMBOL, 5],
    [distanceCount - 1, 5],
    [orderCount - 4, 4],
  ];
  for (const symbol of HEADER_ORDER.slice(0, orderCount)) fields.push([lengths[symbol] ?? 0, 3]);
  for (const [symbol, extra, extraBits] of runs) {
    const code = codes[symbol] ?? 0;
    fields.push([codeBits(code), codeSize(code)]);
    if (extraBits > 0) fields.push([extra, extraBits]);
  }
  return fields;
}

type LengthRun = readonly [symbol: number, extra: number, extraBits: number];

const ZEROS_MAX = 138;
const REPEATS_MAX = 6;

/** Lengths with runs of equal ones put together. */
function lengthRuns(lengths: readonly number[]): LengthRun[] {
  const runs: LengthRun[] = [];
  for (let at = 0; at < lengths.length;) {
    const length = lengths[at] ?? 0;
    let end = at + 1;
    while (lengths[end] === length) end += 1;
    let left = end - at;
    at = end;
    if (length > 0) {
      runs.push([length, 0, 0]);
      left -= 1;
    }
    while (left >= 3) {
      const taken = Math.min(left, length > 0 ? REPEATS_MAX : ZEROS_MAX);
      if (length > 0) runs.push([16, taken - 3, 2]);
      else runs.push(taken < 11 ? [17, taken - 3, 3] : [18, taken - 11, 7]);
      left -= taken;
    }
    for (; left > 0; left--) runs.push([length, 0, 0]);
  }
  return runs;
}
