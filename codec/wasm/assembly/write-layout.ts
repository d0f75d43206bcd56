// What the writing kernels and their host agree on (codec/wasm/record-writer.ts). Columns have the block of layout.ts,
// whose last word is here the address that starts of texts are relative to.

// Kinds of columns beyond those of layout.ts.
/** Printed by the host, every cell. */
export const KIND_HOST: u32 = 5;
export const KIND_JSON: u32 = 6;

/** CSV, added to the kind: even a printed value may need quotes. */
export const KIND_CHECKED: u32 = 8;

export const COLUMN_TEXT: usize = 28;

// Why a kernel stopped.
export const STOP_DONE: u32 = 0;
/** The cell at (row, column) does not fit behind OUT. */
export const STOP_FULL: u32 = 1;
/** The cell at (row, column) is for the host, with everything that precedes it; go on behind it. */
export const STOP_HOST: u32 = 2;

// The words of the control block.
export const COLUMNS: usize = 0;
export const COLUMNS_END: usize = 4;
export const ROW_COUNT: usize = 8;
/** Where the output region ends, less the slack that lets a kernel write keys, numbers and times unasked. */
export const LIMIT: usize = 12;
// Read and written: where to go on.
export const ROW: usize = 16;
/** The address of the column's block; COLUMNS_END: the end of the line is next. */
export const COLUMN: usize = 20;
export const OUT: usize = 24;
/** Bytes of the text that ends a line, up to 16, and the text. */
export const LINE_END_LENGTH: usize = 28;
export const LINE_END: usize = 32;
// CSV only.
export const DELIMITER: usize = 48;
export const QUOTE: usize = 52;
export const ESCAPE: usize = 56;
export const POLICY: usize = 60;
/** What a line break inside quotes becomes: up to two bytes, and how many. */
export const NEWLINE: usize = 64;
export const NEWLINE_LENGTH: usize = 68;
export const NULL_TEXT: usize = 72;
export const NULL_LENGTH: usize = 76;
/** Room for one printed value. */
export const SCRATCH: usize = 128;
