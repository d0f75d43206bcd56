/** Batches of every kind that is legal, for comparing writers: all types, flags, special characters and lengths. */
import fc from 'fast-check';
import { CELL_CANONICAL, CELL_NULL, CELL_PLAIN, CELL_SURROGATE, newVector } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import { columnTypes } from '#spi/schema.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { formatDouble } from '#codec/number/double.ts';
import type { Kernel } from '#codec/wasm/kernel.ts';
import { kernelVector } from '#codec/wasm/vectors.ts';

interface RandomCell {
  readonly text: Uint8Array;
  readonly flags: number;
  readonly value: bigint | number;
  readonly nanos: number;
}

const noText = new Uint8Array(0);
const nullCell = fc.nat(0xfff_ffff).map((bits): RandomCell => cell({ flags: (CELL_NULL | bits) >>> 0 }));

function cell(parts: Partial<RandomCell>): RandomCell {
  return { text: noText, flags: 0, value: 0, nanos: 0, ...parts };
}

const specials = [
  '"',
  '\\',
  ',',
  '\n',
  '\r',
  '\r\n',
  '\t',
  '\0',
  '\u001f',
  '\u007f',
  "'",
  ';',
  'é',
  '雪',
  '😀',
  '',
  '"',
];
const run = fc.tuple(fc.constantFrom('a', '0', ' ', 'ü', '-'), fc.nat(40)).map(([unit, count]) => unit.repeat(count));
const piece = fc.oneof({ weight: 3, arbitrary: run }, { weight: 2, arbitrary: fc.constantFrom(...specials) });
const text = fc.oneof(
  fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('')),
  fc.integer({ min: 13, max: 35 }).map((length) => 'x'.repeat(length)),
);
const isPlain = (value: string): boolean => !/["\\\0-\x1f]/.test(value);

/** A lone surrogate as three bytes. */
const surrogate = Uint8Array.of(0xed, 0xa5, 0x81);

const stringCell = fc.tuple(text, fc.boolean(), fc.nat(15)).map(([value, isKnown, chance]): RandomCell => {
  const bytes = Buffer.from(value);
  const plain = isKnown && isPlain(value) ? CELL_PLAIN : 0;
  if (chance > 0) return cell({ text: bytes, flags: plain });
  return cell({ text: Buffer.concat([bytes, surrogate, bytes]), flags: plain | CELL_SURROGATE });
});

const jsonCell = fc.tuple(fc.json({ maxDepth: 2 }), fc.nat(15)).map(([value, chance]): RandomCell => {
  const bytes = Buffer.from(JSON.stringify(JSON.parse(value)));
  if (chance > 0) return cell({ text: bytes });
  return cell({ text: Buffer.concat([Buffer.from('"'), surrogate, Buffer.from('"')]), flags: CELL_SURROGATE });
});

/** The text is the value's own, another one for it, or missing. */
function numberCell(value: bigint | number, own: string, choice: number): RandomCell {
  if (choice === 0) return cell({ value, text: Buffer.from(own), flags: CELL_CANONICAL });
  return choice === 1 ? cell({ value, text: Buffer.from(`+0${own}`) }) : cell({ value });
}

const choice = fc.nat(2);
const digits = fc.tuple(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.nat(64));
const long = fc.oneof(
  digits.map(([value, shift]) => BigInt.asIntN(64, value >> BigInt(shift))),
  fc.tuple(fc.nat(18), fc.integer({ min: -1, max: 1 })).map(([power, more]) => 10n ** BigInt(power) + BigInt(more)),
  fc.constantFrom(0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)),
);
const longCell = fc.tuple(long, choice).map(([value, kind]) => numberCell(value, String(value), kind));

const double = fc.oneof(
  fc.double(),
  fc.tuple(fc.maxSafeInteger(), fc.nat(20)).map(([mantissa, power]) => mantissa / 10 ** power),
  fc.tuple(fc.integer(), fc.nat(12)).map(([mantissa, power]) => mantissa / 10 ** power),
  fc.tuple(fc.nat(16), fc.integer({ min: -3, max: 3 })).map(([power, more]) => 10 ** power + more * 2 ** -20),
  fc.constantFrom(0, -0, 1e-3, 9.99e-4, 1e7, 9999999.999999998, 1e15, 999999999999999.9, Infinity, -Infinity, NaN),
);
const doubleCell = fc.tuple(double, choice).map(([value, kind]) => numberCell(value, formatDouble(value), kind));

const booleanCell = fc.boolean().map((value) => cell({ value: Number(value), text: Buffer.from('yes') }));

const seconds = fc.oneof(
  fc.integer({ min: -62_200_000_000, max: 253_500_000_000 }),
  fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }),
  fc.integer({ min: 1_600_000_000, max: 1_640_000_000 }),
  fc.constantFrom(-1, 0, 951_782_399, 951_782_400, -62_167_219_200, -62_167_219_201, 253_402_300_799, 253_402_300_800),
);
const timestampCell = fc
  .tuple(seconds, fc.nat(999_999), fc.nat(999))
  .map(([second, micros, nanos]) =>
    cell({ value: BigInt(second) * 1_000_000n + BigInt(micros), nanos, text: Buffer.from('1970') }),
  );

const cells: Readonly<Record<Column['type'], fc.Arbitrary<RandomCell>>> = {
  boolean: booleanCell,
  long: longCell,
  double: doubleCell,
  string: stringCell,
  timestamp: timestampCell,
  json: jsonCell,
};

const name = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.nat(80).map((length) => 'n'.repeat(length)),
  fc.constant('"\n雪'),
);

/** A schema and batches of it in JavaScript's memory, each with an arena of its own. */
export const randomBatches: fc.Arbitrary<{ schema: Schema; batches: readonly Batch[] }> = fc
  .array(fc.record({ name, type: fc.constantFrom(...columnTypes) }), { minLength: 1, maxLength: 7 })
  .chain((columns) => {
    const batch = fc
      .integer({ min: 0, max: 12 })
      .chain((rowCount) => fc.tuple(...columns.map(({ type }) => columnCells(type, rowCount))))
      .map((table) => batchOf({ columns }, table));
    return fc.array(batch, { minLength: 1, maxLength: 3 }).map((batches) => ({ schema: { columns }, batches }));
  });

function columnCells(type: Column['type'], rowCount: number): fc.Arbitrary<RandomCell[]> {
  const each = fc.oneof({ weight: 1, arbitrary: nullCell }, { weight: 5, arbitrary: cells[type] });
  return fc.array(each, { minLength: rowCount, maxLength: rowCount });
}

function batchOf(schema: Schema, table: readonly (readonly RandomCell[])[]): Batch {
  const rowCount = table[0]?.length ?? 0;
  const pieces: Uint8Array[] = [Buffer.from('before')];
  let end = 6;
  const vectors = schema.columns.map(({ type }, column): Vector => {
    const vector = newVector(type, rowCount, noText);
    for (const [row, { text: bytes, flags, value, nanos }] of (table[column] ?? []).entries()) {
      vector.cells[row * 2] = flags & CELL_NULL ? flags * 7 : end;
      vector.cells[row * 2 + 1] = bytes.length | flags;
      setValue(vector, row, value, nanos);
      pieces.push(bytes);
      end += bytes.length;
    }
    return vector;
  });
  const arena = Buffer.concat(pieces);
  return { schema, rowCount, vectors: vectors.map((vector): Vector => ({ ...vector, arena })) };
}

function setValue(vector: Vector, row: number, value: bigint | number, nanos: number): void {
  if (vector.type === 'boolean' || vector.type === 'double') vector.values[row] = Number(value);
  if (vector.type === 'long' || vector.type === 'timestamp') vector.values[row] = BigInt(value);
  if (vector.type === 'timestamp') vector.nanos[row] = nanos;
}

/** The batch with the columns chosen moved into the kernel's memory. */
export function inKernel(batch: Batch, kernel: Kernel, isChosen: (column: number) => boolean = () => true): Batch {
  const { rowCount } = batch;
  const vectors = batch.vectors.map((vector, column): Vector => {
    const moved = isChosen(column) ? kernelVector(kernel, vector.type, rowCount) : undefined;
    if (moved === undefined) return vector;
    const base = kernel.allocate(vector.arena.length) ?? 0;
    kernel.bytes.set(vector.arena, base);
    moved.cells.set(vector.cells.subarray(0, rowCount * 2));
    for (let row = 0; row < rowCount; row++) moved.cells[row * 2] = (vector.cells[row * 2] ?? 0) + base;
    // Vectors of one type have arrays of one type.
    if ('values' in moved) moved.values.set((vector as typeof moved).values.subarray(0, rowCount) as never);
    if ('nanos' in moved && 'nanos' in vector) moved.nanos.set(vector.nanos.subarray(0, rowCount));
    return moved;
  });
  return { ...batch, vectors };
}
