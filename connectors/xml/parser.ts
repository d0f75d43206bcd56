/** The xml parser: elements of a stream to batches. */
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { Parser } from '#spi/files.ts';
import { xmlErrors } from '#codec/xml/errors.ts';
import { XmlRecordReader } from '#codec/xml/record-reader.ts';
import type { XmlColumn, XmlReaderOptions } from '#codec/xml/record-reader.ts';
import { parseXmlPath } from '#codec/xml/xml-path.ts';
import type { XmlPath } from '#codec/xml/xml-path.ts';
import { xmlText } from '#codec/xml/xml-text.ts';
import { checkCharset, rejecter, schemaOfColumns, textColumns } from '#connectors/text-parsing.ts';
import type { XmlParserConfig } from './config.ts';

type Place = readonly (string | number)[];

export const xmlParser: Parser<XmlParserConfig> = {
  schema(config) {
    if (config.charset !== undefined) checkCharset(config.charset);
    return schemaOfColumns(readerOptions(config).columns);
  },

  async *parse(config, { name, bytes }, ctx) {
    const reader = new XmlRecordReader({ ...readerOptions(config), reject: rejecter(config, name, ctx) });
    let isEmpty = true;
    try {
      for await (const text of xmlText(bytes, config.charset)) {
        if (text.length > 0) isEmpty = false;
        yield* reader.read(text);
      }
      // No bytes at all are no records, as for every parser.
      if (!isEmpty) reader.finish();
    } catch (error) {
      if (!isRopewayError(error)) throw error;
      throw error.where.file === undefined ? withPlace(error, { file: name }) : error;
    }
  },
};

function readerOptions(config: XmlParserConfig): Omit<XmlReaderOptions, 'reject'> {
  const { columns, schema, namespaces } = config;
  if (columns !== undefined && schema !== undefined)
    refuse(['schema'], '`columns` says the same', 'Remove one of them.');
  const list = columns === undefined ? 'schema' : 'columns';
  const written = columns ?? schema ?? [];
  if (written.length === 0) refuse(['columns'], 'there are none', 'Name them: [{name: id, type: long, path: "@id"}].');
  const rootText = config.root.replace(/^\//, '');
  const root = pathOf(rootText, namespaces, ['root']);
  if (root.attribute !== undefined || root.elements.length === 0) {
    refuse(['root'], `'${config.root}' leads to no elements`, 'Give the path of the records: data/items/item.');
  }
  return {
    root: root.elements,
    rootText: config.root,
    hasNamespaces: namespaces !== undefined,
    columns: textColumns(written, config, list).map((column, index): XmlColumn => {
      const { path = column.name, multiple = 'error' } = written[index] ?? {};
      if (multiple === 'json' && column.type !== 'json' && column.type !== 'string') {
        refuse([list, index, 'multiple'], `a column of type ${column.type} cannot hold a list`, 'Make it json.');
      }
      return { ...column, path: pathOf(path, namespaces, [list, index, 'path']), multiple, trims: config.trim };
    }),
  };
}

function pathOf(text: string, namespaces: XmlParserConfig['namespaces'], place: Place): XmlPath {
  const path = parseXmlPath(text, namespaces);
  if (typeof path !== 'string') return path;
  return refuse(place, path, 'For example: author/name, @id, price/@currency.');
}

function refuse(path: Place, reason: string, advice: string): never {
  throw xmlErrors.error('XML_OPTION', { option: path.join('.'), reason, advice }, { where: { path } });
}
