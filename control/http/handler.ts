/** What serves an endpoint once the request is checked. */
import type { z } from 'zod';
import type { Contract, EndpointId } from '#api/contract.ts';
import type { Answer, Endpoint, Role } from '#api/endpoint.ts';
import type { Visitor } from './visitor.ts';

/** Who asks, and what he may do. What follows from it is decided in `auth/rights.ts`, nowhere else. */
export interface Principal {
  /** Empty for somebody who belongs to none. */
  readonly workspaceId: string;
  /** Null for a token of a service. */
  readonly userId: string | null;
  /** Null in a session. */
  readonly tokenId: string | null;
  /** As it is written into authors and actors: `user:E-MAIL` or `token:NAME`. */
  readonly actor: string;
  /** What the rate is counted by. */
  readonly rateKey: string;
  /** In the workspace: in each of its groups, and for what has no group. */
  readonly role: Role | null;
  /** In single groups, by their ids. */
  readonly groupRoles: ReadonlyMap<string, Role>;
  /** Ids of the teams whose members may be added and removed. */
  readonly administersTeams: ReadonlySet<string>;
  /** No token that is made by it may do more: the role of the token that it came with. */
  readonly cap: Role;
  /** Workspaces, people and limits of the whole installation may be changed. */
  readonly administersInstallation: boolean;
}

/** Nobody: what a public endpoint is asked by. No row belongs to this workspace. */
export const anonymous: Principal = {
  workspaceId: '',
  userId: null,
  tokenId: null,
  actor: 'anonymous',
  rateKey: 'anonymous',
  role: null,
  groupRoles: new Map(),
  administersTeams: new Set(),
  cap: 'viewer',
  administersInstallation: false,
};

export interface HandlerRequest<E extends Endpoint> {
  readonly params: z.output<E['params']>;
  readonly query: z.output<E['query']>;
  readonly body: z.output<E['body']>;
  readonly principal: Principal;
  readonly visitor: Visitor;
  /** The version that is to be changed; `*` is whatever is there. */
  readonly ifMatch: number | '*' | undefined;
  readonly idempotencyKey: string | undefined;
  readonly lastEventId: string | undefined;
  /** Aborts when the client has left. */
  readonly signal: AbortSignal;
}

/** An event on its way; its data is checked by the contract in tests. */
export interface SentEvent {
  readonly event: string;
  readonly id?: string;
  readonly data: unknown;
}

export type HandlerAnswer<Ok extends Answer> = Ok extends { kind: 'json'; body: infer Body extends z.ZodType }
  ? z.output<Body>
  : Ok extends { kind: 'text' }
    ? AsyncIterable<string>
    : Ok extends { kind: 'events' }
      ? AsyncIterable<SentEvent>
      : void;

export type HandlerOf<E extends Endpoint> = (request: HandlerRequest<E>) => Promise<HandlerAnswer<E['answer']>>;

/** One for each endpoint. */
export type Handlers = { readonly [Id in EndpointId]: HandlerOf<Contract[Id]> };
/** Those of some endpoints. */
export type HandlersOf<Prefix extends string> = Pick<Handlers, Extract<EndpointId, `${Prefix}.${string}`>>;

/** A handler without its types: what the app calls after it has checked the request. */
export type AnyHandler = (request: HandlerRequest<Endpoint>) => Promise<unknown>;
