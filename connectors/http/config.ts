import { z } from 'zod';
import { openTo, option } from '#spi/fields.ts';
import { httpsFields } from '#connectors/network/https-config.ts';
import { proxyOption } from '#connectors/network/proxy-config.ts';

const requestGroup = 'Request';
const pagesGroup = 'Pages';
const credentialsGroup = 'Credentials';

/** Where the server is, who we are, and how it is reached. */
const httpConnectionFields = {
  url: option(z.string().min(1), {
    title: 'URL',
    description: 'Address of the file or the API, with `http://` or `https://`.',
    examples: ['https://api.example.com/v1/orders'],
  }),
  basic_auth: option(
    z
      .strictObject({
        user: option(z.string(), { title: 'User', description: 'User name.' }),
        password: option(z.string().default(''), {
          title: 'Password',
          description: 'Password of the user.',
          'x-secret': true,
        }),
      })
      .optional(),
    {
      title: 'Basic authentication',
      description: 'User and password, sent to the host of `url` only.',
      'x-group': credentialsGroup,
    },
  ),
  bearer_token: option(z.string().min(1).optional(), {
    title: 'Bearer token',
    description: 'Sent as `Authorization: Bearer …`, to the host of `url` only.',
    'x-secret': true,
    'x-group': credentialsGroup,
  }),
  auth_headers: option(z.record(z.string(), z.string()).default({}), {
    title: 'Headers with credentials',
    description: 'Headers by name that are sent to the host of `url` only and never shown.',
    examples: [{ 'X-Api-Key': '{{ env.API_KEY }}' }],
    'x-secret': true,
    'x-group': credentialsGroup,
  }),
  auth_params: option(z.record(z.string(), z.string()).default({}), {
    title: 'Parameters with credentials',
    description: 'Parameters by name that are added to the URL of every request and never shown.',
    examples: [{ api_key: '{{ env.API_KEY }}' }],
    'x-secret': true,
    'x-group': credentialsGroup,
    'x-advanced': true,
  }),
  http_proxy: proxyOption,
  user_agent: option(z.string().default('Ropeway'), {
    title: 'User agent',
    description: 'What the header User-Agent says.',
    'x-advanced': true,
  }),
  open_timeout: option(z.number().int().positive().default(2000), {
    title: 'Open timeout (ms)',
    description: 'How long connecting may take.',
    'x-advanced': true,
  }),
  read_timeout: option(z.number().int().positive().default(10_000), {
    title: 'Read timeout (ms)',
    description: 'How long the server may be silent, before its answer and in the middle of it.',
    'x-advanced': true,
  }),
  ...httpsFields(),
};

export const httpConnectionConfig = z.strictObject(httpConnectionFields);
export type HttpConnection = z.output<typeof httpConnectionConfig>;

const param = z.strictObject({
  name: option(z.string().min(1), { title: 'Name', description: 'Name of the parameter.' }),
  value: option(z.string().optional(), {
    title: 'Value',
    description: 'Value of the parameter. This or `values` is required.',
    examples: ['135.0', '{30..35}.0', '{tokyo,osaka}'],
    'x-variables': 'text',
  }),
  values: option(z.array(z.string()).optional(), {
    title: 'Values',
    description: 'Several values: all in each request, or with `expand` one a request.',
    'x-variables': 'text',
  }),
  expand: option(z.boolean().default(false), {
    title: 'Expand',
    description: 'A request for each of the `values`, or for each text that the braces in `value` stand for.',
  }),
});

const pager = z.strictObject({
  style: option(z.enum(['number', 'cursor', 'link', 'next_url']).default('number'), {
    title: 'Style',
    description:
      '`number`: a parameter counts pages or records. `cursor`: a value of the answer is sent with the next request. ' +
      '`link`: the header Link names the next page. `next_url`: the answer holds the address of the next page.',
  }),
  from_param: option(z.string().min(1).optional(), {
    title: 'From parameter',
    description: 'For `number`: name of the parameter that counts.',
    examples: ['page', 'offset'],
  }),
  to_param: option(z.string().min(1).optional(), {
    title: 'To parameter',
    description: 'For `number`: name of a parameter for the last number of the page.',
  }),
  start: option(z.number().int().optional(), {
    title: 'Start',
    description: 'For `number`: the first number; without it 0.',
  }),
  step: option(z.number().int().positive().optional(), {
    title: 'Step',
    description: 'For `number`: from page to page; without it 1.',
  }),
  pages: option(z.number().int().positive().optional(), {
    title: 'Pages',
    description: 'How many pages there are, or with the other ways to find the end, how many are read at most.',
  }),
  cursor_param: option(z.string().min(1).optional(), {
    title: 'Cursor parameter',
    description: 'For `cursor`: name of the parameter that takes it.',
  }),
  cursor_at: option(z.string().optional(), {
    title: 'Cursor at',
    description: 'For `cursor`: JSON pointer to it in the answer. The last page has none, or null, or an empty one.',
    examples: ['/meta/next_cursor'],
  }),
  next_url_at: option(z.string().optional(), {
    title: 'Next URL at',
    description: 'For `next_url`: JSON pointer to it in the answer. The last page has none, or null.',
    examples: ['/links/next'],
  }),
  records_at: option(z.string().optional(), {
    title: 'Records at',
    description: 'JSON pointer to the array of records in the answer: a page without records is the last one.',
    examples: ['/data', ''],
  }),
  more_at: option(z.string().optional(), {
    title: 'More at',
    description: 'JSON pointer to a boolean in the answer that says whether there are more pages.',
    examples: ['/has_more'],
  }),
  pages_max: option(z.number().int().positive().default(10_000), {
    title: 'Most pages',
    description: 'More pages than this are an error: a server may never come to an end.',
    'x-advanced': true,
  }),
});

export type PagerConfig = z.output<typeof pager>;

export const httpInputConfig = z.strictObject({
  ...httpConnectionFields,
  url: openTo(httpConnectionFields.url, 'url'),
  method: option(z.enum(['get', 'post', 'GET', 'POST']).default('get'), {
    title: 'Method',
    description: 'Method of the requests.',
    'x-group': requestGroup,
  }),
  params: option(z.array(param).default([]), {
    title: 'Parameters',
    description: 'Parameters of the requests; several values of one can be requests of their own.',
    examples: [[{ name: 'area', value: '{tokyo,osaka}', expand: true }]],
    'x-group': requestGroup,
  }),
  params_in: option(z.enum(['url', 'form', 'json']).optional(), {
    title: 'Parameters in',
    description:
      'Where `params` and those of the `pager` go. By default into the URL for `get`, and for `post` into a form unless ' +
      'there is a `request_body`. `json`: members of the JSON object that is posted, which `request_body` may begin.',
    'x-group': requestGroup,
    'x-advanced': true,
  }),
  request_headers: option(z.record(z.string(), z.string()).default({}), {
    title: 'Request headers',
    description: 'Headers by name. They are sent to the host of `url` only.',
    examples: [{ 'Content-Type': 'application/json' }],
    'x-group': requestGroup,
    'x-variables': 'line',
  }),
  request_body: option(z.string().optional(), {
    title: 'Request body',
    description: 'For `post`: what is sent, in UTF-8.',
    'x-group': requestGroup,
    'x-variables': 'code',
  }),
  charset: option(z.string().default('utf-8'), {
    title: 'Charset',
    description: 'What the header Accept-Charset says.',
    'x-group': requestGroup,
    'x-advanced': true,
  }),
  pager: option(pager.optional(), {
    title: 'Pager',
    description: 'How an answer of several pages is fetched.',
    examples: [{ from_param: 'page', start: 1, pages: 10 }],
    'x-group': pagesGroup,
  }),
  request_interval: option(z.number().int().nonnegative().default(0), {
    title: 'Request interval (ms)',
    description: 'The wait between the end of a request and the next one of the same thread.',
    'x-group': pagesGroup,
  }),
  interval_includes_response_time: option(z.boolean().default(false), {
    title: 'Interval includes response time',
    description: 'The interval is counted from the beginning of a request.',
    'x-group': pagesGroup,
    'x-advanced': true,
  }),
  max_retries: option(z.number().int().nonnegative().default(5), {
    title: 'Maximum retries',
    description: 'How often a request is tried again that failed for a reason that passes.',
    'x-advanced': true,
  }),
  retry_interval: option(z.number().int().positive().default(10_000), {
    title: 'Retry interval (ms)',
    description:
      'The wait before the first further try; it doubles with every one after that, up to half an hour. What the ' +
      'server asks for by the header Retry-After goes before it.',
    'x-advanced': true,
  }),
  input_direct: option(z.boolean().default(true), {
    title: 'Input direct',
    description:
      'Records are read while the answer comes. Otherwise it is written to a temporary file first: then a broken ' +
      'connection can always be made up for, and a slow output does not keep the server waiting.',
    'x-advanced': true,
  }),
});

export type HttpInputConfig = z.output<typeof httpInputConfig>;
