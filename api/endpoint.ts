/**
 * What an endpoint is, as data. Server routes, request checks, the typed client and the OpenAPI document all come from
 * these values; an endpoint exists once it is declared in `endpoints/` and listed in `contract.ts`.
 */
import { z } from 'zod';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type Tag =
  | 'system'
  | 'workspace'
  | 'groups'
  | 'connections'
  | 'transfers'
  | 'schedules'
  | 'backfills'
  | 'runs'
  | 'limits'
  | 'tokens'
  | 'users'
  | 'sessions'
  | 'sign-in'
  | 'workspaces'
  | 'members'
  | 'teams'
  | 'grants'
  | 'audit'
  | 'labels'
  | 'managed-transfers'
  | 'notices'
  | 'deliveries'
  | 'applied';

/** Each role may do what those before it may. */
export const roles = ['viewer', 'operator', 'editor', 'administrator'] as const;
export type Role = (typeof roles)[number];

/** In a workspace: a `member` has what groups give, and nothing else. */
export const workspaceRoles = ['member', ...roles] as const;
export type WorkspaceRole = (typeof workspaceRoles)[number];

/**
 * Who may: anybody (`public`); whoever is let in (`known`); a person, for what is his own (`person`); who has the role
 * in the group of the resource, in the workspace, in the team or in the installation. The role in the workspace holds
 * in each of its groups. Of a list `in: 'group'` it shows what is in groups where the role is there.
 */
export type Rights =
  | 'public'
  | 'known'
  | 'person'
  | { readonly role: Role; readonly in: 'group' }
  | { readonly role: WorkspaceRole; readonly in: 'workspace' }
  | { readonly role: 'administrator'; readonly in: 'team' | 'installation' };

/** The answer when all went well. Whatever else happens is a problem. */
export type Answer =
  | {
      readonly kind: 'json';
      readonly status: 200 | 201 | 202;
      readonly description: string;
      readonly body: z.ZodType;
      /** The answer carries an ETag, which updates ask for in `If-Match`. */
      readonly hasEtag?: boolean;
    }
  | { readonly kind: 'nothing'; readonly status: 204; readonly description: string }
  | { readonly kind: 'text'; readonly status: 200; readonly description: string; readonly media: string }
  | {
      readonly kind: 'events';
      readonly status: 200;
      readonly description: string;
      /** The data of each event, by its name. */
      readonly events: Readonly<Record<string, z.ZodType>>;
    };

/**
 * What sending the same request twice does. `safe`: reads · `idempotent`: the same as once · `keyed`: the same as once
 * when both carry the same `Idempotency-Key` · `once`: it is done twice, so a client must not try again by itself.
 */
export type Repeat = 'safe' | 'idempotent' | 'keyed' | 'once';

/** The statuses of problems that an endpoint may answer beyond those that all have. */
export type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 412 | 422 | 428 | 429 | 503;

export interface Endpoint<
  Id extends string = string,
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
  Ok extends Answer = Answer,
> {
  /** `connections.list`: the name of its handler and of the client's function. */
  readonly id: Id;
  readonly method: Method;
  /** Below the base path, with parameters as `:name`. */
  readonly path: string;
  readonly tag: Tag;
  /** A few words, imperative. */
  readonly summary: string;
  readonly description: string;
  readonly params: Params;
  /** Fields of plain JSON types; how they are written in a query string is said in `query-text.ts`. */
  readonly query: Query;
  /** `undefined` in JSON's place: there is no body. */
  readonly body: Body;
  readonly answer: Ok;
  readonly problems: readonly ProblemStatus[];
  readonly rights: Rights;
  readonly repeat: Repeat;
  /** `If-Match` must be there: the change is of what the client has seen. */
  readonly needsMatch: boolean;
  /** Outside `/api/v1`: what probes and scrapers ask for. */
  readonly isAtRoot: boolean;
}

/** No parameters, no query. */
export const noFields = z.strictObject({});
export type NoFields = typeof noFields;

interface Declaration<
  Id extends string,
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Ok extends Answer,
> {
  readonly id: Id;
  readonly method: Method;
  readonly path: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly answer: Ok;
  readonly problems?: readonly ProblemStatus[];
  readonly rights: Rights;
  /** By default what the method says; a POST has to say it. */
  readonly repeat?: Repeat;
  readonly needsMatch?: boolean;
  readonly isAtRoot?: boolean;
}

/** Declares an endpoint: what is not said becomes what most have. */
export function defineEndpoint<
  const Id extends string,
  Ok extends Answer,
  Params extends z.ZodObject = NoFields,
  Query extends z.ZodObject = NoFields,
  Body extends z.ZodType = z.ZodUndefined,
>(declaration: Declaration<Id, Params, Query, Body, Ok>): Endpoint<Id, Params, Query, Body, Ok> {
  const { method, params, query, body, problems, repeat, needsMatch, isAtRoot, ...rest } = declaration;
  return {
    ...rest,
    method,
    // The defaults are the types' own defaults: absent only where the type parameter was not given either.
    params: params ?? (noFields as z.ZodObject as Params),
    query: query ?? (noFields as z.ZodObject as Query),
    body: body ?? (z.undefined() as z.ZodType as Body),
    problems: problems ?? [],
    repeat: repeat ?? defaultRepeat[method],
    needsMatch: needsMatch ?? false,
    isAtRoot: isAtRoot ?? false,
  };
}

const defaultRepeat: Readonly<Record<Method, Repeat>> = {
  GET: 'safe',
  POST: 'once',
  PUT: 'idempotent',
  PATCH: 'idempotent',
  DELETE: 'idempotent',
};

/** Where an endpoint of the API is found. */
export const API_PATH = '/api/v1';

/** The path as it is asked for, with `:name` still in it. */
export function fullPath(endpoint: Pick<Endpoint, 'path' | 'isAtRoot'>): string {
  return endpoint.isAtRoot ? endpoint.path : API_PATH + endpoint.path;
}

/** What a handler gives and a client gets. */
export type AnswerBody<Ok extends Answer> = Ok extends { kind: 'json'; body: infer Body extends z.ZodType }
  ? z.output<Body>
  : Ok extends { kind: 'text' }
    ? string
    : undefined;
