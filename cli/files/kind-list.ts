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
  'workspaces.create': 'A folder is of one workspace: which one is said where it is applied.',
  'teams.create': 'Who may do what is decided by administrators, not by whoever writes definitions.',
  'grants.put': 'As teams.',
  'smtp.put': 'The server for mail is one of the installation.',
  'destinations.create':
    'Who gets mail confirms it, and addresses of webhooks are secrets: each workspace has its own.',
  'noticeRules.create': 'Rules name destinations, which are not kept as files.',
  'invitations.create': 'As teams.',
  'signInProviders.create': 'Who may come in is decided for the whole installation.',
  'backfills.create': 'It runs slots that were missed, once.',
  'tokens.create': 'A token is shown once, and belongs to whoever made it.',
  'limits.put': 'How much an installation can take is its own matter: it is no part of what is moved.',
  'applied.put': 'It is the memory of what was applied.',
};
