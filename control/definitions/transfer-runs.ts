/** Runs of transfers: the whole, or a look at what it would do. */
import { runOptions } from '#api/resources/transfer.ts';
import type { Run } from '#api/resources/run.ts';
import type { HandlerRequest, HandlersOf } from '#control/http/handler.ts';
import type { Contract } from '#api/contract.ts';
import { Refusal } from '#control/http/refusal.ts';
import type { JsonObject } from '#spi/json.ts';
import { definitionErrors } from './errors.ts';
import { assertGroup } from './groups.ts';
import { startLook } from './looks.ts';
import { readGivenSettings } from './given-settings.ts';
import { startRun } from './new-run.ts';
import type { TransferParts } from './new-run.ts';
import { keptConfig, theTransferRow } from './transfer-row.ts';

type RunId =
  | 'transfers.run'
  | 'transfers.guess'
  | 'transfers.preview'
  | 'transfers.guessConfig'
  | 'transfers.previewConfig';

export function transferRunHandlers(parts: TransferParts): Pick<HandlersOf<'transfers'>, RunId> {
  return {
    async 'transfers.run'({ params, body, principal, idempotencyKey }) {
      const { db } = parts.store;
      const transfer = await theTransferRow(db, params.id, principal.workspaceId);
      assertEnabled(transfer);
      const no = body.revision ?? transfer.revision;
      const { config, variables: declared } = await keptConfig(db, transfer, no);
      const options = runOptions.parse(transfer.run_options);
      return startRun(parts, {
        kind: 'transfer',
        principal,
        idempotencyKey,
        groupId: transfer.group_id,
        definitionId: transfer.id,
        revision: no,
        lane: 'batch',
        config,
        variables: body.variables,
        declared,
        values: body.values,
        at: body.at,
        arguments: {},
        options: {
          ...options,
          priority: body.priority ?? options.priority,
          memoryMb: body.memoryMb ?? options.memoryMb,
          cpuMillis: body.cpuMillis ?? options.cpuMillis,
        },
      });
    },

    'transfers.guess': (request) => lookAtTransfer(parts, request, 'guess'),
    'transfers.preview': (request) => lookAtTransfer(parts, request, 'preview'),
    'transfers.guessConfig': (request) => lookAtConfig(parts, request, 'guess'),
    'transfers.previewConfig': (request) => lookAtConfig(parts, request, 'preview'),
  };
}

/** Throws when no runs of it are to be created. */
export function assertEnabled({
  is_enabled: isEnabled,
  name,
}: {
  readonly is_enabled: boolean;
  readonly name: string;
}): void {
  if (!isEnabled) throw new Refusal(definitionErrors.error('DEFINITION_DISABLED', { name }), 409);
}

async function lookAtTransfer(
  parts: TransferParts,
  request: HandlerRequest<Contract['transfers.guess'] | Contract['transfers.preview']>,
  kind: 'guess' | 'preview',
): Promise<Run> {
  const { params, body, principal, idempotencyKey } = request;
  const transfer = await theTransferRow(parts.store.db, params.id, principal.workspaceId);
  const no = body.revision ?? transfer.revision;
  const { config, variables: declared } = await keptConfig(parts.store.db, transfer, no);
  return startLook(parts, {
    kind,
    principal,
    idempotencyKey,
    groupId: transfer.group_id,
    definitionId: transfer.id,
    revision: no,
    config,
    variables: body.variables,
    declared,
    values: body.values,
    at: body.at,
    arguments: lookArguments(kind, body.rows),
    memoryMb: body.memoryMb,
  });
}

async function lookAtConfig(
  parts: TransferParts,
  request: HandlerRequest<Contract['transfers.guessConfig'] | Contract['transfers.previewConfig']>,
  kind: 'guess' | 'preview',
): Promise<Run> {
  const { body, principal, idempotencyKey } = request;
  await assertGroup(parts.store.db, body.groupId, principal);
  const { config, variables: declared } = await readGivenSettings(parts.store.db, principal, {
    config: body.config as JsonObject,
    declared: body.declarations,
    sides: ['in'],
    catalog: parts.catalog,
  });
  return startLook(parts, {
    kind,
    principal,
    idempotencyKey,
    groupId: body.groupId,
    config,
    variables: body.variables,
    declared,
    values: body.values,
    at: body.at,
    arguments: lookArguments(kind, body.rows),
    memoryMb: body.memoryMb,
  });
}

function lookArguments(kind: 'guess' | 'preview', rows: number | undefined): JsonObject {
  return kind === 'preview' && rows !== undefined ? { rows } : {};
}
