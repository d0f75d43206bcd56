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
import type { RunCommands } from '#control/runs/run-commands.ts';
import { runHandlers } from '#control/runs/run-handlers.ts';
import type { KeyRing } from '#control/secrets/key-ring.ts';
import type { Store } from '#control/store/store.ts';
import type { Handlers } from './handler.ts';
import { systemHandlers } from './system.ts';

export interface HandlerParts {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly keys: KeyRing;
  readonly commands: RunCommands;
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
    ...managedTransferHandlers(parts),
    ...labelHandlers(parts.store),
    'runs.configDiff': runDiffHandler(parts),
    ...runHandlers(parts),
    ...limitHandlers(parts.store),
    ...tokenHandlers(parts.store),
    ...appliedHandlers(parts.store),
  };
}
