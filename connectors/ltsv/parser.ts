/** The ltsv parser: labelled values in any charset to batches. */
import type { Parser } from '#spi/files.ts';
import type { TextColumn } from '#codec/cells/text-columns.ts';
import { LtsvBatchReader } from '#codec/ltsv/batch-reader.ts';
import { ltsvErrors } from '#codec/ltsv/errors.ts';
import { onigurumaRegex } from '#codec/regex/oniguruma.ts';
import { checkCharset, readDecoded, rejecter, schemaOfColumns, textColumns } from '#connectors/text-parsing.ts';
import type { LtsvParserConfig } from './config.ts';

export const ltsvParser: Parser<LtsvParserConfig> = {
  schema(config) {
    checkCharset(config.charset);
    for (const option of ['delimiter', 'label_delimiter'] as const) {
      if (config[option] === '') refuse(option, 'it is empty', 'Give at least one character.');
    }
    nullPattern(config);
    return schemaOfColumns(columnsOf(config));
  },

  parse(config, file, ctx) {
    const reject = rejecter(config, file.name, ctx);
    const reader = new LtsvBatchReader({
      columns: columnsOf(config),
      delimiter: config.delimiter,
      labelDelimiter: config.label_delimiter,
      nullPattern: nullPattern(config),
      nullEmptyString: config.null_empty_string,
      reject: (reason, line, text) => reject(reason, { line }, text),
    });
    return readDecoded(reader, file, config.charset);
  },
};

function columnsOf(config: LtsvParserConfig): readonly TextColumn[] {
  const { columns, schema } = config;
  if (columns !== undefined && schema !== undefined) refuse('schema', '`columns` says the same', 'Remove one of them.');
  const list = columns === undefined ? 'schema' : 'columns';
  const written = columns ?? schema ?? [];
  if (written.length === 0) {
    refuse(
      'columns',
      'there are none',
      'Name the labels to read: [{name: host, type: string}], or run `ropeway guess`.',
    );
  }
  return textColumns(
    written.map(({ time_format: timeFormat, format, ...column }) => ({ ...column, format: format ?? timeFormat })),
    config,
    list,
  );
}

function nullPattern({ null_value_pattern: pattern }: LtsvParserConfig): RegExp | undefined {
  if (pattern === undefined) return undefined;
  try {
    return onigurumaRegex(pattern);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refuse('null_value_pattern', error.message, 'Check the regular expression.');
  }
}

function refuse(option: string, reason: string, advice: string): never {
  throw ltsvErrors.error('LTSV_OPTION', { option, reason, advice }, { where: { path: [option] } });
}
