import { errorCatalogue } from '#spi/errors.ts';

export const httpErrors = errorCatalogue({
  HTTP_URL: {
    kind: 'config',
    message: 'The URL {url} cannot be used: {reason}.',
    hint: 'Write it like https://api.example.com/v1/orders',
  },
  HTTP_PARAM: {
    kind: 'config',
    message: "The parameter '{name}' has neither `value` nor `values`.",
    hint: 'Add one of them.',
  },
  HTTP_REQUESTS_LIMIT: {
    kind: 'config',
    message: 'The parameters and pages make more than {limit} requests.',
    hint: 'Give fewer values to `expand`, or fewer `pages`.',
  },
  HTTP_PAGER: {
    kind: 'config',
    message: "In `pager` with `style: {style}`, the option '{option}' {problem}.",
    hint: '{advice}',
  },
  HTTP_HEADER: {
    kind: 'config',
    message: "The header '{name}' cannot be sent: {reason}.",
    hint: 'Names are letters, digits and hyphens; values are one line of Latin characters.',
  },
  HTTP_BODY: {
    kind: 'config',
    message: 'The parameters cannot go into `{place}`: {reason}.',
    hint: 'Change `params_in`, `method` or `request_body`.',
  },
  HTTP_AUTH: {
    kind: 'config',
    message: '`basic_auth` and `bearer_token` are both set.',
    hint: 'Take one of them out: a request has one header Authorization.',
  },
  HTTP_PAGES_LIMIT: {
    kind: 'data',
    message: 'After {limit} pages of {place} there are still more.',
    hint: 'If there are so many, set `pages_max` in `pager`; else check how the server tells of the last page.',
  },
  HTTP_NEXT_PAGE: {
    kind: 'connector',
    message: 'After {place} there is no going on: {reason}.',
    hint: 'Check `pager`: the answer must hold what it speaks of.',
  },
  HTTP_REDIRECT: {
    kind: 'connector',
    message: '{place} redirects where we do not follow: {reason}.',
    hint: 'Set `url` to the address where the data is.',
  },
  HTTP_REFUSED: {
    kind: 'connector',
    message: '{place} refused the request: {reason}.',
    hint: 'The server wants other credentials: check `basic_auth`, `bearer_token` or `auth_headers`, and their rights.',
  },
  HTTP_NOT_FOUND: {
    kind: 'connector',
    message: 'There is no {place}: {reason}.',
    hint: 'Check `url` and `params`.',
  },
  HTTP_STATUS: {
    kind: 'connector',
    message: '{place} answered {reason}.',
    hint: 'The reason is the answer of the server. Check `url`, `method`, `params` and `request_body`.',
  },
  HTTP_BUSY: {
    kind: 'connector',
    message: '{place} asks to come back later: {reason}.',
    hint: 'Run again later, set `request_interval`, or allow more `max_retries`.',
    transient: true,
  },
  HTTP_UNAVAILABLE: {
    kind: 'connector',
    message: '{place} failed: {reason}.',
    hint: 'Run again later; the fault is on the side of the server.',
    transient: true,
  },
  HTTP_UNREACHABLE: {
    kind: 'connector',
    message: 'The connection to {place} failed: {reason}.',
    hint: 'Check `url`, `http_proxy`, the timeouts and the network; if it usually works, run again.',
    transient: true,
  },
  HTTP_HOST_UNKNOWN: {
    kind: 'connector',
    message: 'The host of {place} is not known: {reason}.',
    hint: 'Check `url` and `http_proxy`, and that names are resolved on this machine.',
  },
  HTTP_TLS: {
    kind: 'connector',
    message: 'No secure connection to {place}: {reason}.',
    hint: 'Check that the certificate of the server is valid and that this machine trusts who issued it.',
  },
  HTTP_PROTOCOL: {
    kind: 'connector',
    message: 'What answers at {place} does not speak HTTP as it should: {reason}.',
    hint: 'Check port and scheme of `url`, and what stands between here and the server.',
  },
  HTTP_CUT: {
    kind: 'connector',
    message:
      'The answer of {place} broke off after {bytes} bytes, and the server cannot send the rest alone: {reason}.',
    hint: 'Set `input_direct: false`: then an answer is fetched whole before it is read, and can be asked for again.',
    transient: true,
  },
  HTTP_ENCODING: {
    kind: 'connector',
    message: "{place} answered in the encoding '{encoding}', which was not asked for.",
    hint: 'Set the header Accept-Encoding to identity in `request_headers`.',
  },
  HTTP_STOPPED: {
    kind: 'data',
    message: 'The run was stopped while {place} was read.',
    hint: 'Nothing was committed. Start it again when you are ready.',
  },
});
