/** The OpenAPI 3.1 document of the API, from the contract. */
import { z } from 'zod';
import { contract } from './contract.ts';
import { fullPath } from './endpoint.ts';
import type { Endpoint, Rights, Tag } from './endpoint.ts';
import { PROBLEM_MEDIA, problem } from './problem.ts';

type Json = Record<string, unknown>;

const tags: Readonly<Record<Tag, string>> = {
  system: 'The server itself.',
  workspace: 'The isolation boundary.',
  groups: 'Connections and definitions that belong together.',
  connections: 'Saved endpoints with their credentials.',
  transfers: 'Saved inputs, filters and outputs.',
  schedules: 'When definitions run by themselves.',
  backfills: 'Slots of a schedule that are run afterwards.',
  runs: 'Executions.',
  limits: 'How many run at the same time.',
  tokens: 'What clients show to be let in.',
  users: 'People, of the whole installation.',
  sessions: 'How you sign in: your sessions, your password, your second factor.',
  'sign-in': 'Signing in, and the rules of it.',
  workspaces: 'The workspaces of the installation.',
  members: 'People of the workspace.',
  teams: 'People who get roles together.',
  grants: 'Who may do what in a group.',
  audit: 'What was done, by whom, to what.',
  applied: 'Definitions that are kept as files: what each was when it was applied last.',
  labels: 'Words that transfers are found by.',
  'managed-transfers': 'One definition for many tables: it makes a transfer for each, and keeps them as it says.',
  notices: 'Who is told what, and where.',
  deliveries: 'What became of notices on their way.',
};

const problemTexts = {
  400: 'The request cannot be read.',
  401: 'The token or the session is missing or not accepted.',
  403: 'The role is missing.',
  404: 'There is no such resource in the workspace.',
  409: 'The state of the resource does not allow it.',
  412: 'The resource was changed since it was read.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  422: 'Fields are not as they must be; or the key was used for another request.',
  428: '`If-Match` is missing.',
  429: 'Too many requests; `Retry-After` says when to come back.',
  500: 'A bug of the server.',
  503: 'Not now; `Retry-After` says when to come back.',
} as const;

export function openApi({ version }: { readonly version: string }): Json {
  const schemas = new Schemas();
  const paths: Record<string, Json> = {};
  for (const endpoint of contract) {
    const path = fullPath(endpoint).replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation(endpoint, schemas) };
  }
  const problemSchema = schemas.of(problem, 'output');
  return {
    openapi: '3.1.0',
    info: {
      title: 'Ropeway',
      version,
      description: 'Whatever is not as asked for is answered as a problem (RFC 9457).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-ropeway',
          description: 'For pages of the server itself; over plain http on one machine its name is `ropeway`.',
        },
      },
      responses: Object.fromEntries(
        Object.entries(problemTexts).map(([status, description]) => [
          `Problem${status}`,
          { description, content: { [PROBLEM_MEDIA]: { schema: problemSchema } } },
        ]),
      ),
      schemas: schemas.all(),
    },
  };
}

function operation(endpoint: Endpoint, schemas: Schemas): Json {
  const { id, tag, summary, description, answer, rights, repeat } = endpoint;
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    ...(rights === 'public' ? { security: [] } : {}),
    parameters: [
      ...parameters(endpoint.params, 'path', schemas),
      ...parameters(endpoint.query, 'query', schemas),
      ...headers(endpoint),
    ],
    ...(endpoint.body instanceof z.ZodUndefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemas.of(endpoint.body, 'input') } },
          },
        }),
    responses: {
      [answer.status]: success(endpoint, schemas),
      ...Object.fromEntries(
        problemStatuses(endpoint).map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]),
      ),
    },
    'x-rights': rightsText(rights),
    'x-repeat': repeat,
  };
}

function problemStatuses(endpoint: Endpoint): readonly number[] {
  const hasBody = !(endpoint.body instanceof z.ZodUndefined);
  return [
    ...new Set([
      ...endpoint.problems,
      ...(endpoint.rights === 'public' ? [] : [401, 403, 429]),
      ...(hasBody ? [400, 413, 415, 422] : []),
      ...(endpoint.needsMatch ? [412, 428] : []),
      // A field of the path or the query, or the key of another request.
      422,
      500,
      503,
    ]),
  ].sort((left, right) => left - right);
}

function rightsText(rights: Rights): string {
  return typeof rights === 'string' ? rights : `${rights.role} of the ${rights.in}`;
}

function parameters(fields: z.ZodObject, place: 'path' | 'query', schemas: Schemas): Json[] {
  return Object.entries(fields.shape).map(([name, field]) => {
    // A shape holds types of the full interface.
    const { description, ...schema } = schemas.of(field as z.ZodType, 'input');
    const isRequired = place === 'path' || !(field as z.ZodType).safeParse(undefined).success;
    return { name, in: place, required: isRequired, ...(description === undefined ? {} : { description }), schema };
  });
}

function headers({ needsMatch, repeat, answer }: Endpoint): Json[] {
  const header = (name: string, required: boolean, description: string): Json => ({
    name,
    in: 'header',
    required,
    description,
    schema: { type: 'string' },
  });
  return [
    ...(needsMatch ? [header('If-Match', true, 'The ETag of what is to be changed; `*` whatever it is.')] : []),
    ...(repeat === 'keyed'
      ? [header('Idempotency-Key', false, 'Chosen by the client; the same key gives the same answer for 24 hours.')]
      : []),
    ...(answer.kind === 'events' ? [header('Last-Event-ID', false, 'The last event that was seen.')] : []),
  ];
}

function success({ answer }: Endpoint, schemas: Schemas): Json {
  const { description } = answer;
  if (answer.kind === 'nothing') return { description };
  if (answer.kind === 'text') {
    return { description, content: { [answer.media.split(';')[0] ?? '']: { schema: { type: 'string' } } } };
  }
  if (answer.kind === 'events') {
    const events = Object.entries(answer.events).map(([name, data]) => [name, schemas.of(data, 'output')]);
    // Streams have no schema of their own in 3.1: the data of each event by its name.
    return {
      description,
      content: { 'text/event-stream': { schema: { type: 'string' }, 'x-events': Object.fromEntries(events) as Json } },
    };
  }
  const etag = { ETag: { description: 'For `If-Match` of an update.', schema: { type: 'string' } } };
  return {
    description,
    ...(answer.hasEtag === true ? { headers: etag } : {}),
    content: { 'application/json': { schema: schemas.of(answer.body, 'output') } },
  };
}

/** JSON Schemas; those with a name of their own are collected, and referred to. */
class Schemas {
  readonly #named: Record<string, Json> = {};

  of(type: z.ZodType, io: 'input' | 'output'): Json {
    // What is written may leave out what has a default: the same name, another schema.
    const suffix = io === 'input' ? 'Input' : '';
    const made = z.toJSONSchema(type, { io, unrepresentable: 'any', override: simplify }) as Json;
    const text = JSON.stringify(made).replace(/"#\/\$defs\/(\w+)"/g, `"#/components/schemas/$1${suffix}"`);
    const { $schema: _, $defs, ...schema } = JSON.parse(text) as Json & { $defs?: Record<string, Json> };
    for (const [name, named] of Object.entries($defs ?? {})) this.#named[`${name}${suffix}`] = withoutId(named);
    if (typeof schema['id'] !== 'string') return schema;
    const name = `${schema['id']}${suffix}`;
    this.#named[name] = withoutId(schema);
    return { $ref: `#/components/schemas/${name}` };
  }

  all(): Json {
    return Object.fromEntries(Object.entries(this.#named).sort(([left], [right]) => (left < right ? -1 : 1)));
  }
}

function withoutId({ id: _, ...schema }: Json): Json {
  return schema;
}

function simplify({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: Json }): void {
  const { def } = zodSchema._zod;
  // Answers may get more fields; only what refuses unknown keys says so.
  if (def.type === 'object' && def.catchall === undefined) delete jsonSchema['additionalProperties'];
  // The format says it; the pattern is a page long.
  if (jsonSchema['format'] === 'date-time') delete jsonSchema['pattern'];
}
