import { plugin } from '#spi/plugin.ts';

export const xmlParserPlugin = plugin({
  kind: 'parser',
  name: 'xml',
  title: 'XML',
  summary: 'Reads elements as records, and elements and attributes in them as columns.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).xmlParserConfig,
  examples: [
    {
      title: 'Elements and attributes',
      yaml: 'type: xml\nroot: data/books/book\ncolumns:\n- {name: id, type: long, path: "@id"}\n- {name: title, type: string}\n- {name: authors, type: json, path: author/name, multiple: json}\n',
    },
  ],
  load: async () => (await import('./parser.ts')).xmlParser,
});
