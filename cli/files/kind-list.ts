/** The kinds of resources that can be kept as files, each after those that it refers to. */
import { connections } from './kinds/connections.ts';
import { groups } from './kinds/groups.ts';
import { labels } from './kinds/labels.ts';
import { managedTransfers } from './kinds/managed-transfers.ts';
import { schedules } from './kinds/schedules.ts';
import { transfers } from './kinds/transfers.ts';
import type { ResourceKind } from './resource-kind.ts';

export const kinds: readonly ResourceKind[] = [groups, labels, connections, transfers, managedTransfers, schedules];

/** What else can be created, and why it is not kept as files. */
export const notAsFiles: Readonly<Record<string, string>> = {
  'users.create': 'People are of the whole installation, and no part of what is moved.',
  'workspaces.create': 'A folder is of one workspace: which one is said where it is applied.',
  'members.create': 'Who belongs to a workspace is decided by its administrators, not by whoever writes definitions.',
  'teams.create': 'As members.',
  'grants.create': 'As members.',
  'members.put': 'Who belongs to a workspace is decided by its administrators, not by whoever writes definitions.',
  'grants.put': 'As members.',
  'backfills.create': 'It runs slots that were missed, once.',
  'tokens.create': 'A token is shown once, and belongs to whoever made it.',
  'limits.put': 'How much an installation can take is its own matter: it is no part of what is moved.',
  'applied.put': 'It is the memory of what was applied.',
};
