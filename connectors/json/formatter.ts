/** The json formatter: the records of the jsonl formatter as one array. */
import { newlines } from '#spi/newlines.ts';
import type { Formatter } from '#spi/files.ts';
import type { RecordLayout } from '#codec/json/lines-writer.ts';
import { jsonLinesWriter } from '#codec/wasm/json-lines-kernel.ts';
import { recordFormatters } from '#connectors/jsonl/formatter.ts';
import type { JsonFormatterConfig } from './formatter-config.ts';

const INDENT = '  ';

export const jsonFormatter: Formatter<JsonFormatterConfig> = {
  // Between pieces that are written apart there would be a comma too many.
  isWhole: true,

  open(config, schema) {
    const newline = newlines[config.newline];
    const writer = jsonLinesWriter({
      schema,
      newline: '',
      layout: config.pretty ? prettyLayout(newline) : { ...noSpace, before: `,${newline}` },
      formatters: recordFormatters(config, schema),
    });
    let hasRecords = false;
    return {
      begin: () => Buffer.from('['),
      write(batch) {
        const text = writer.write(batch);
        if (hasRecords || text.length === 0) return text;
        hasRecords = true;
        // There is no record before the first one.
        return text.subarray(1);
      },
      end() {
        writer.release();
        return Buffer.from(`${hasRecords ? newline : ''}]${newline}`);
      },
    };
  },
};

const noSpace: RecordLayout = { before: '', indent: '', space: '', closing: '' };

function prettyLayout(newline: string): RecordLayout {
  return {
    before: `,${newline}${INDENT}`,
    indent: `${newline}${INDENT}${INDENT}`,
    space: ' ',
    closing: `${newline}${INDENT}`,
  };
}
