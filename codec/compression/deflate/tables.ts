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

export class CodeTables {
  readonly symbolLengths: Uint8Array;
  readonly distanceLengths: Uint8Array;
  #header: readonly number[] | undefined;

  constructor(symbolLengths: Uint8Array, distanceLengths: Uint8Array, header?: readonly number[]) {
    this.symbolLengths = symbolLengths;
    this.distanceLengths = distanceLengths;
    this.#header = header;
  }

  /** The start of a block that is not the last one, up to the first symbol: codes, or values in their layout. */
  get header(): readonly number[] {
    this.#header ??= dynamicHeader(this.symbolLengths, this.distanceLengths);
    return this.#header;
  }
}

/** Codes for every symbol, made from what occurred in a part. */
export function fullTables(counts: SymbolCounts): CodeTables {
  const weights = (values: Uint32Array): Uint32Array => values.map((count) => count * SEEN_WEIGHT + 1);
  return new CodeTables(
    codeLengths(weights(counts.symbols), SYMBOL_CODE_MAX),
    codeLengths(weights(counts.distances), DISTANCE_CODE_MAX),
  );
}

/** Codes for exactly the symbols that occur, the end of the block among them. */
export function exactTables(counts: SymbolCounts): CodeTables {
  const symbols = counts.symbols.slice();
  symbols[END_OF_BLOCK] = 1;
  return new CodeTables(sparseLengths(symbols, SYMBOL_CODE_MAX), sparseLengths(counts.distances, DISTANCE_CODE_MAX));
}

/** The codes that every decoder knows; worth it for a few bytes only. */
export const fixedTables: CodeTables = new CodeTables(
  Uint8Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
  new Uint8Array(DISTANCE_SYMBOLS).fill(5),
  [codeOf(0b010, 3)],
);

/** Bits that symbols of these counts take, without header. */
export function encodedBits(tables: CodeTables, { symbols, distances }: SymbolCounts): number {
  let total = extraBits({ symbols, distances }) + (tables.symbolLengths[END_OF_BLOCK] ?? 0);
  for (let symbol = 0; symbol < symbols.length; symbol++)
    total += (symbols[symbol] ?? 0) * (tables.symbolLengths[symbol] ?? 0);
  for (let symbol = 0; symbol < distances.length; symbol++)
    total += (distances[symbol] ?? 0) * (tables.distanceLengths[symbol] ?? 0);
  return total;
}

/** What the best codes could make of these counts, fractions of bits included: no less is possible. */
export function entropyBits(counts: SymbolCounts): number {
  let total = extraBits(counts);
  for (const values of [counts.symbols, counts.distances]) {
    const sum = values.reduce((all, count) => all + count, 0);
    for (const count of values) if (count > 0) total += count * Math.log2(sum / count);
  }
  return total;
}

/** Bits that stand behind the codes of lengths and distances. */
function extraBits({ symbols, distances }: SymbolCounts): number {
  let total = 0;
  for (let symbol = FIRST_LENGTH_SYMBOL; symbol < symbols.length; symbol++)
    total += (symbols[symbol] ?? 0) * lengthExtraBits(symbol);
  for (let symbol = 0; symbol < distances.length; symbol++)
    total += (distances[symbol] ?? 0) * distanceExtraBits(symbol);
  return total;
}

export function headerBits(tables: CodeTables): number {
  return tables.header.reduce((total, code) => total + codeSize(code), 0);
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

function dynamicHeader(symbolLengths: Uint8Array, distanceLengths: Uint8Array): number[] {
  const symbolCount = Math.max(FIRST_LENGTH_SYMBOL, symbolLengths.findLastIndex((length) => length > 0) + 1);
  const distanceCount = Math.max(1, distanceLengths.findLastIndex((length) => length > 0) + 1);
  const all = new Uint8Array(symbolCount + distanceCount);
  all.set(symbolLengths.subarray(0, symbolCount));
  all.set(distanceLengths.subarray(0, distanceCount), symbolCount);
  const runs = lengthRuns(all);
  const counts = new Uint32Array(HEADER_ORDER.length);
  for (const { symbol } of runs) counts[symbol] = (counts[symbol] ?? 0) + 1;
  const lengths = sparseLengths(counts, HEADER_CODE_MAX);
  const codes = canonicalCodes(lengths);
  const orderCount = Math.max(4, HEADER_ORDER.findLastIndex((symbol) => (lengths[symbol] ?? 0) > 0) + 1);
  const fields = [
    codeOf(0b100, 3),
    codeOf(symbolCount - FIRST_LENGTH_SYMBOL, 5),
    codeOf(distanceCount - 1, 5),
    codeOf(orderCount - 4, 4),
  ];
  for (const symbol of HEADER_ORDER.slice(0, orderCount)) fields.push(codeOf(lengths[symbol] ?? 0, 3));
  for (const { symbol, extra } of runs) {
    fields.push(codes[symbol] ?? 0);
    if (extra > 0) fields.push(extra);
  }
  return fields;
}

/** Lengths with runs of equal ones put together. */
interface LengthRun {
  readonly symbol: number;
  /** What follows the symbol's code, in the layout of codes; 0 when nothing does. */
  readonly extra: number;
}

const ZEROS_MAX = 138;
const REPEATS_MAX = 6;
const singles: readonly LengthRun[] = Array.from({ length: 16 }, (_, symbol) => ({ symbol, extra: 0 }));

function lengthRuns(lengths: Uint8Array): LengthRun[] {
  const runs: LengthRun[] = [];
  for (let at = 0; at < lengths.length;) {
    const length = lengths[at] ?? 0;
    // Lengths are at most 15.
    const single = singles[length] as LengthRun;
    let end = at + 1;
    while (end < lengths.length && lengths[end] === length) end += 1;
    let left = end - at;
    at = end;
    if (length > 0) {
      runs.push(single);
      left -= 1;
    }
    while (left >= 3) {
      const taken = Math.min(left, length > 0 ? REPEATS_MAX : ZEROS_MAX);
      if (length > 0) runs.push({ symbol: 16, extra: codeOf(taken - 3, 2) });
      else if (taken < 11) runs.push({ symbol: 17, extra: codeOf(taken - 3, 3) });
      else runs.push({ symbol: 18, extra: codeOf(taken - 11, 7) });
      left -= taken;
    }
    for (; left > 0; left--) runs.push(single);
  }
  return runs;
}
