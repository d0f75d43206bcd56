/** What the slots of transfers run: the revision that is current, about the instant of the slot. */
import { sql } from 'kysely';
import { runOptions } from '#api/resources/transfer.ts';
import { namedConnections } from '#control/definitions/transfer-config.ts';
import { freezeWork } from '#control/runs/freeze-work.ts';
import type { Db } from '#control/runs/transition-writer.ts';
import { readKept } from '#control/variables/declare.ts';
import type { KeptVariables } from '#control/variables/declare.ts';
import { resolveVariables, timestampOf } from '#control/variables/resolve.ts';
import { lastSuccesses, needsLastSuccess, queriedConnections } from '#control/variables/transfer-variables.ts';
import type { Timestamp } from '#spi/batch.ts';
import type { JsonObject } from '#spi/json.ts';
import { slotText } from './schedule-row.ts';
import type { ScheduledRun, WantedRun } from './scheduler-tick.ts';

interface TransferRow {
  readonly id: string;
  readonly group_id: string | null;
  readonly kind: string;
  readonly revision: number;
  readonly run_options: unknown;
  readonly config: JsonObject;
  readonly variables: unknown;
}

interface ConnectionRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly name: string;
  readonly plugin: string;
  readonly config: JsonObject;
  readonly account_key: string;
}

export async function transferRuns(db: Db, wanted: readonly WantedRun[]): Promise<readonly (ScheduledRun | string)[]> {
  const ids = [...new Set(wanted.map(({ schedule }) => schedule.definition_id))];
  const { rows } = await sql<TransferRow>`
    select d.id, d.group_id, d.kind, d.revision, d.run_options, r.config, r.variables
    from definition d join revision r on r.definition_id = d.id and r.no = d.revision
    where d.id = any(${ids}::text[])`.execute(db);
  const transfers = new Map(rows.map((row) => [row.id, { ...row, kept: readKept(row.variables) }]));
  const all = [...transfers.values()];
  const used = [...new Set(all.flatMap(connectionsOf))];
  const successes = await lastSuccesses(
    db,
    all.filter(({ kept }) => needsLastSuccess(kept)).map(({ id }) => id),
  );
  const connections =
    used.length === 0
      ? []
      : (
          await sql<ConnectionRow>`select id, workspace_id, name, plugin, config, account_key from connection
            where id = any(${used}::text[]) order by id`.execute(db)
        ).rows;
  return wanted.map((each) => {
    const transfer = transfers.get(each.schedule.definition_id);
    if (transfer?.kind !== 'transfer') return 'the definition is no transfer';
    try {
      return runOf(each, transfer, { connections, lastSuccess: successes.get(transfer.id) });
    } catch (error) {
      // A configuration that cannot be run: the others are not held up by it.
      return error instanceof Error ? error.message : String(error);
    }
  });
}

type Transfer = TransferRow & { readonly kept: KeptVariables };

function connectionsOf({ config, kept }: Transfer): string[] {
  return [...namedConnections(config), ...queriedConnections(kept.declared)];
}

interface Surroundings {
  readonly connections: readonly ConnectionRow[];
  readonly lastSuccess: Timestamp | undefined;
}

function runOf(
  { schedule, slotMs }: WantedRun,
  transfer: Transfer,
  { connections, lastSuccess }: Surroundings,
): ScheduledRun | string {
  const { workspace_id: workspaceId } = schedule;
  const { kept } = transfer;
  const named = connectionsOf(transfer);
  const own = connections.filter((row) => row.workspace_id === workspaceId && named.includes(row.id));
  const missing = named.filter((id) => !own.some((row) => row.id === id));
  if (missing.length > 0) return `the connection ${missing.join(', ')} is not there any more`;
  const declared = resolveVariables(kept, { at: timestampOf(slotText(slotMs)), given: {}, lastSuccess });
  const [problem] = declared.problems;
  if (problem !== undefined) return problem.message;
  const options = runOptions.parse(transfer.run_options);
  const { work, scopes } = freezeWork({
    kind: 'transfer',
    workspaceId,
    groupId: transfer.group_id,
    definitionId: transfer.id,
    lane: 'batch',
    config: transfer.config,
    connections: own.map(({ id, name, plugin, config, account_key: accountKey }) => ({
      id,
      name,
      plugin,
      options: config,
      accountKey,
    })),
    variables: slotVariables(schedule.variables, slotMs, schedule.time_zone),
    declared: kept.declared.length === 0 ? undefined : declared,
    arguments: {},
    transactionTime: slotText(slotMs),
    runTimeoutS: options.runTimeoutS,
    stallTimeoutS: options.stallTimeoutS,
    memoryMb: options.memoryMb,
    cpuMillis: options.cpuMillis,
  });
  return {
    workspaceId,
    groupId: transfer.group_id,
    definitionId: transfer.id,
    revision: transfer.revision,
    work,
    scopes,
    priority: options.priority,
    isIdempotent: options.isIdempotent,
    ...(options.jobRetriesMax === undefined ? {} : { jobRetriesMax: options.jobRetriesMax }),
    queueTimeoutS: options.queueTimeoutS,
  };
}

/** The values with the slot's date and time, in the schedule's zone, in place of `$date`, `$time` and `$instant`. */
export function slotVariables(
  variables: Readonly<Record<string, string>>,
  slotMs: number,
  zone: string,
): Record<string, string> {
  const local = Temporal.Instant.fromEpochMilliseconds(slotMs).toZonedDateTimeISO(zone);
  const values: Readonly<Record<string, string>> = {
    $date: local.toPlainDate().toString(),
    $time: local.toPlainTime().toString().slice(0, 'HH:MM:SS'.length),
    $instant: slotText(slotMs),
  };
  return Object.fromEntries(
    Object.entries(variables).map(([name, text]) => [
      name,
      text.replaceAll(/\$(?:date|time|instant)\b/g, (word) => values[word] ?? word),
    ]),
  );
}
