import { plugin } from '#spi/plugin.ts';

export const httpInputPlugin = plugin({
  kind: 'file_input',
  name: 'http',
  title: 'HTTP',
  summary: 'Reads what servers answer to HTTP requests: files, and APIs page by page.',
  stability: 'beta',
  config: async () => (await import('./config.ts')).httpInputConfig,
  examples: [
    {
      title: 'A CSV file',
      yaml:
        'type: http\nurl: https://example.com/sales.csv.gz\ndecoders: [{type: gzip}]\n' +
        'parser: {type: csv, columns: [{name: id, type: long}]}\n',
    },
    {
      title: 'The records of an API, page by page by a cursor in the answer',
      yaml:
        "type: http\nurl: https://api.example.com/v1/orders\nbearer_token: '{{ env.API_TOKEN }}'\n" +
        'params: [{name: limit, value: 500}]\n' +
        'pager: {style: cursor, cursor_param: cursor, cursor_at: /meta/next_cursor}\n' +
        'parser: {type: json, root: /data, flatten_json_array: true, columns: [{name: id, type: long}]}\n',
    },
    {
      title: 'Pages by number until one is empty, for several areas',
      yaml:
        'type: http\nurl: https://api.example.com/stations\n' +
        "params: [{name: area, value: '{tokyo,osaka}', expand: true}]\n" +
        'pager: {from_param: page, start: 1, records_at: /stations}\n' +
        'parser: {type: json, root: /stations, flatten_json_array: true, columns: [{name: name, type: string}]}\n',
    },
  ],
  load: async () => (await import('./input.ts')).httpInput,
});

export const httpConnectionPlugin = plugin({
  kind: 'connection',
  name: 'http',
  title: 'HTTP',
  summary: 'A server that is spoken to by HTTP: whether it answers, and takes our credentials.',
  stability: 'beta',
  config: async () => (await import('./config.ts')).httpConnectionConfig,
  examples: [
    {
      title: 'An API',
      yaml: "type: http\nurl: https://api.example.com/v1\nbearer_token: '{{ env.API_TOKEN }}'\n",
    },
  ],
  load: async () => (await import('./connection.ts')).httpConnection,
});
