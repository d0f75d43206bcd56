import { plugin } from '#spi/plugin.ts';

export const jsonPathParserPlugin = plugin({
  kind: 'parser',
  name: 'jsonpath',
  title: 'JSON by paths',
  summary: 'Reads the elements of an array somewhere in a JSON document, and their values by paths.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).jsonPathParserConfig,
  examples: [
    {
      title: 'The answer of an API',
      yaml: 'type: jsonpath\nroot: $.results\ncolumns:\n- {name: id, type: long}\n- {name: city, type: string, path: address.city}\n- {name: tags, type: json, path: "tags[*].name"}\n',
    },
  ],
  load: async () => (await import('./parser.ts')).jsonPathParser,
});
