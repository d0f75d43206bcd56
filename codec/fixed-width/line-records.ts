import { TextLines } from '#codec/text/text-lines.ts';
import type { RecordPlace, RecordSource } from './batch-reader.ts';

/** A record on each line. */
export class LineRecords extends TextLines implements RecordSource {
  get place(): RecordPlace {
    return { line: this.line };
  }
}
