/** What the HTTP API refuses before any handler is asked. */
import { errorCatalogue } from '#spi/errors.ts';

export const httpErrors = errorCatalogue({
  ROUTE_UNKNOWN: {
    kind: 'config',
    message: 'There is nothing at {path}.',
    hint: 'Look at /api/v1/openapi.json for what there is.',
  },
  PROBES_ONLY: {
    kind: 'config',
    message: 'This process does not serve the API.',
    hint: 'It answers /healthz, /readyz and /metrics. Ask a process that was started as `server` or `api`.',
  },
  METHOD_NOT_ALLOWED: {
    kind: 'config',
    message: '{method} is not possible at {path}.',
    hint: 'The header Allow says what is.',
  },
  TOKEN_MISSING: {
    kind: 'config',
    message: 'The request carries no token.',
    hint: 'Send the header "Authorization: Bearer TOKEN".',
  },
  TOKEN_REFUSED: {
    kind: 'config',
    message: 'The token is not accepted: it is unknown, has expired or was revoked.',
    hint: 'Create a new one.',
  },
  ROLE_MISSING: {
    kind: 'config',
    message: 'This needs the role {role} in {place}; you have {own}.',
    hint: 'Who can give it: {givers}.',
  },
  PERSON_NEEDED: {
    kind: 'config',
    message: 'This is for people: the token belongs to a service.',
    hint: 'Sign in, or use a token of your own.',
  },
  RESOURCE_UNKNOWN: {
    kind: 'config',
    message: 'There is no such {kind}: {id}.',
    hint: 'Check the id, and that it belongs to the workspace of your token.',
  },
  REQUEST_INVALID: {
    kind: 'config',
    message: 'The request is not as it must be, in {count} places.',
    hint: 'Correct the fields that "errors" lists.',
  },
  BODY_NOT_JSON: {
    kind: 'config',
    message: 'The body is no JSON: {reason}.',
    hint: 'Send one JSON object.',
  },
  BODY_TOO_LARGE: {
    kind: 'config',
    message: 'The body is larger than {limit} bytes.',
    hint: 'Send less at once.',
  },
  MEDIA_UNSUPPORTED: {
    kind: 'config',
    message: 'The body is of type {media}.',
    hint: 'Send JSON, with the header "Content-Type: application/json".',
  },
  MATCH_MISSING: {
    kind: 'config',
    message: 'The request does not say which version it changes.',
    hint: 'Send the ETag of the last answer as If-Match; "*" changes whatever is there.',
  },
  MATCH_FAILED: {
    kind: 'config',
    message: 'The {kind} was changed meanwhile: it is at version {version}, the request is about {given}.',
    hint: 'Read it again, and make the change to what it is now.',
  },
  CURSOR_INVALID: {
    kind: 'config',
    message: 'The cursor was not made by this list.',
    hint: 'Begin without a cursor, and pass "next" as it came.',
  },
  KEY_INVALID: {
    kind: 'config',
    message: 'The Idempotency-Key is not one: it must have {min} to {max} characters of printable ASCII.',
    hint: 'Use a UUID.',
  },
  KEY_REUSED: {
    kind: 'config',
    message: 'The Idempotency-Key was used for another request.',
    hint: 'Use a new key for each new request.',
  },
  KEY_IN_USE: {
    kind: 'connector',
    transient: true,
    message: 'The first request with this Idempotency-Key is still being served.',
    hint: 'Send it again in a moment.',
  },
  RATE_EXCEEDED: {
    kind: 'connector',
    transient: true,
    message: 'There were too many requests: {perSecond} a second are allowed.',
    hint: 'Come back after the seconds that Retry-After says.',
  },
  STREAMS_EXCEEDED: {
    kind: 'connector',
    transient: true,
    message: 'There are {limit} streams open already.',
    hint: 'Close some, or come back later.',
  },
  STORE_AWAY: {
    kind: 'connector',
    transient: true,
    message: 'The database of the control plane does not answer.',
    hint: 'Try again in a moment. Runs that run already go on.',
  },
  SERVER_NOT_READY: {
    kind: 'connector',
    transient: true,
    message: 'The server is not ready: {reason}.',
    hint: 'Try again in a moment.',
  },
  SERVER_BUG: {
    kind: 'internal',
    message: 'The server failed to answer. This is a bug.',
    hint: 'Please report it, with the request id.',
  },
});
