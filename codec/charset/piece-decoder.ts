import type { ByteSink } from '#spi/byte-sink.ts';

/** Decodes as far as it can and returns how many bytes it used; with `isLast` it uses all. */
export type PieceDecoder = (bytes: Uint8Array, isLast: boolean, sink: ByteSink) => number;
