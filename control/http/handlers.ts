/** The handlers of all endpoints, from what they need. */
import type { Catalog } from '#spi/plugin.ts';
import { appliedHandlers } from '#control/applied/applied.ts';
import { tokenHandlers } from '#control/auth/tokens.ts';
import { connectionHandlers } from '#control/definitions/connections.ts';
import { groupHandlers } from '#control/definitions/groups.ts';
import { limitHandlers } from '#control/definitions/limits.ts';
import { labelHandlers } from '#control/definitions/labels.ts';
import { managedTransferHandlers } from '#control/definitions/managed-transfers.ts';
import { runDiffHandler } from '#control/definitions/transfer-work.ts';
import { transferHandlers } from '#control/definitions/transfers.ts';
import { variableHandlers } from '#control/variables/variable-handlers.ts';
import { auditHandlers } from '#control/audit/audit-handlers.ts';
import { grantHandlers } from '#control/people/grants.ts';
import { memberHandlers } from '#control/people/members.ts';
import { teamHandlers } from '#control/people/teams.ts';
import { userHandlers } from '#control/people/users.ts';
import { workspaceHandlers } from '#control/people/workspaces.ts';
import { backfillHandlers } from '#control/schedule/backfill-handlers.ts';
import { scheduleHandlers } from '#control/schedule/schedule-handlers.ts';
import { noticeHandlers } from '#control/notify/notice-handlers.ts';
import { noticeSettings } from '#control/notify/settings.ts';
import type { NoticeSettings } from '#control/notify/settings.ts';
import type { RunCommands } from '#control/runs/run-commands.ts';
import { runHandlers } from '#control/runs/run-handlers.ts';
import type { KeyRing } from '#control/secrets/key-ring.ts';
import { invitationHandlers } from '#control/sign-in/invitations.ts';
import { linkHandlers } from '#control/sign-in/link-handlers.ts';
import { providerFlowHandlers } from '#control/sign-in/provider-flow.ts';
import { providerHandlers } from '#control/sign-in/providers.ts';
import {
  accountHandlers,
  passwordHandlers,
  secondFactorHandlers,
  sessionHandlers,
} from '#control/sign-in/session-handlers.ts';
import { policyHandlers, signInHandlers } from '#control/sign-in/sign-in-handlers.ts';
import type { Store } from '#control/store/store.ts';
import type { Handlers } from './handler.ts';
import { systemHandlers } from './system.ts';

export interface HandlerParts {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly keys: KeyRing;
  readonly commands: RunCommands;
  /** By default those of an installation that says nothing about notices. */
  readonly notices?: NoticeSettings;
  /** Of this release. */
  readonly version: string;
  readonly stopping: AbortSignal;
}

export function makeHandlers(parts: HandlerParts): Handlers {
  return {
    ...systemHandlers(parts),
    ...groupHandlers(parts.store),
    ...connectionHandlers(parts),
    ...transferHandlers(parts),
    ...variableHandlers(parts),
    ...managedTransferHandlers(parts),
    ...labelHandlers(parts.store),
    'runs.configDiff': runDiffHandler(parts),
    ...scheduleHandlers(parts.store),
    ...backfillHandlers(parts),
    ...runHandlers(parts),
    ...limitHandlers(parts.store),
    ...tokenHandlers(parts.store),
    ...appliedHandlers(parts.store),
    ...userHandlers(parts.store),
    ...workspaceHandlers(parts.store),
    ...memberHandlers(parts.store),
    ...teamHandlers(parts.store),
    ...grantHandlers(parts.store),
    ...auditHandlers(parts.store),
    ...noticeHandlers({ store: parts.store, keys: parts.keys, settings: parts.notices ?? unsaid(parts) }),
    ...signInHandlers(parts),
    ...providerFlowHandlers(parts),
    ...policyHandlers(parts.store),
    ...providerHandlers(parts),
    ...linkHandlers(parts),
    ...sessionHandlers(parts.store),
    ...passwordHandlers(parts),
    ...secondFactorHandlers(parts),
    ...accountHandlers(parts.store),
    ...invitationHandlers(parts.store),
  };
}

function unsaid({ store, version }: HandlerParts): NoticeSettings {
  return noticeSettings({ installationId: store.installationId, environment: {}, release: version });
}
