/** The values of a page as indexes of a dictionary. */
import type { ByteSink } from '#spi/byte-sink.ts';
import { bitWidthOf, writeHybrid } from './hybrid.ts';
import { grown } from './values.ts';

export class IndexList {
  /** Hot loops write into it after `reserve`, and store `count` back. */
  indexes: Uint32Array = new Uint32Array(0);
  count = 0;

  reserve(more: number): void {
    this.indexes = grown(this.indexes, this.count, this.count + more);
  }

  /** Appends the width of the indexes and the indexes, and forgets them. */
  write(sink: ByteSink, entries: number): void {
    const width = bitWidthOf(entries);
    sink.writeByte(width);
    writeHybrid(sink, this.indexes, this.count, width);
    this.count = 0;
  }
}
