/** Every endpoint of the API. */
import { appliedEndpoints } from './endpoints/applied.ts';
import { auditEndpoints } from './endpoints/audit.ts';
import { backfillEndpoints } from './endpoints/backfills.ts';
import { connectionEndpoints } from './endpoints/connections.ts';
import { groupEndpoints } from './endpoints/groups.ts';
import { limitEndpoints } from './endpoints/limits.ts';
import { memberEndpoints, teamEndpoints, userEndpoints } from './endpoints/people.ts';
import { noticeEndpoints } from './endpoints/notices.ts';
import { invitationEndpoints } from './endpoints/invitations.ts';
import { runEndpoints } from './endpoints/runs.ts';
import { scheduleEndpoints } from './endpoints/schedules.ts';
import { sessionEndpoints } from './endpoints/sessions.ts';
import { signInEndpoints } from './endpoints/sign-in.ts';
import { signInProviderEndpoints } from './endpoints/sign-in-providers.ts';
import { systemEndpoints } from './endpoints/system.ts';
import { tokenEndpoints } from './endpoints/tokens.ts';
import { transferWorkEndpoints } from './endpoints/transfer-work.ts';
import { transferEndpoints } from './endpoints/transfers.ts';
import { variableEndpoints } from './endpoints/variables.ts';
import { grantEndpoints, workspaceEndpoints } from './endpoints/workspaces.ts';
import { labelEndpoints } from './endpoints/labels.ts';
import { managedTransferEndpoints } from './endpoints/managed-transfers.ts';
import type { Endpoint } from './endpoint.ts';

const all = [
  ...systemEndpoints,
  ...groupEndpoints,
  ...connectionEndpoints,
  ...transferWorkEndpoints,
  ...transferEndpoints,
  ...variableEndpoints,
  ...managedTransferEndpoints,
  ...labelEndpoints,
  ...scheduleEndpoints,
  ...backfillEndpoints,
  ...runEndpoints,
  ...limitEndpoints,
  ...tokenEndpoints,
  ...appliedEndpoints,
  ...userEndpoints,
  ...workspaceEndpoints,
  ...memberEndpoints,
  ...teamEndpoints,
  ...grantEndpoints,
  ...auditEndpoints,
  ...noticeEndpoints,
  ...signInEndpoints,
  ...signInProviderEndpoints,
  ...sessionEndpoints,
  ...invitationEndpoints,
] as const;

type All = (typeof all)[number];

/** `connections.list` and so on. */
export type EndpointId = All['id'];

/** The endpoint of an id. */
export type EndpointOf<Id extends EndpointId> = Extract<All, { id: Id }>;

/** In the order of the documentation; none hides another that comes later (`/runs/events` before `/runs/:id`). */
export const contract: readonly (Endpoint & { readonly id: EndpointId })[] = all;

export type Contract = { readonly [Id in EndpointId]: EndpointOf<Id> };

// Made of the very list that the type is made of.
export const endpoints = Object.fromEntries(all.map((endpoint) => [endpoint.id, endpoint])) as unknown as Contract;
