// What the kernels and their host agree on: flag bits of cells (spi/batch.ts), kinds of columns, and the words of the
// blocks that the host fills. The host's half is codec/wasm/layout.ts; a test compares the two.

export const CELL_NULL: u32 = 0x80000000;
export const CELL_PLAIN: u32 = 0x40000000;
export const CELL_CANONICAL: u32 = 0x20000000;
export const CELL_SURROGATE: u32 = 0x10000000;
export const CELL_LENGTH_MASK: u32 = 0x0fffffff;

// Kinds of columns.
export const KIND_STRING: u32 = 0;
export const KIND_LONG: u32 = 1;
export const KIND_DOUBLE: u32 = 2;
export const KIND_BOOLEAN: u32 = 3;
export const KIND_TIMESTAMP: u32 = 4;
/** The text is kept, the host converts it. */
export const KIND_DEFERRED: u32 = 5;

// A column: 32 bytes.
export const COLUMN_KIND: usize = 0;
export const COLUMN_CELLS: usize = 4;
export const COLUMN_VALUES: usize = 8;
export const COLUMN_NANOS: usize = 12;
/** Of a timestamp: how its text is read or written. */
export const COLUMN_PROGRAM: usize = 16;
/** Of a writer: what precedes the value. */
export const COLUMN_KEY: usize = 20;
export const COLUMN_KEY_LENGTH: usize = 24;
export const COLUMN_SIZE: usize = 32;
