/** `ropeway transfers …`: saved configurations, their revisions, and runs of them. */
import type { Client, Reply } from '#api/client.ts';
import { PAGE_LIMIT_MAX } from '#api/page.ts';
import type { RevisionSummary, Transfer, TransferSummary } from '#api/resources/transfer.ts';
import { basename } from 'node:path';
import { runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import { countOf, pairsOf } from '#cli/command-line.ts';
import { openConfig } from '#cli/config-file.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { idOf } from '#cli/control-names.ts';
import { cliErrors } from '#cli/errors.ts';
import { factLines } from '#cli/fact-list.ts';
import { firstItems, printList } from '#cli/list-table.ts';
import type { ListColumn } from '#cli/list-table.ts';
import { localTime } from '#cli/local-time.ts';
import { placedInFile } from '#cli/placed-problem.ts';
import { LEAVE_WORDS, afterStart } from './runs.ts';
import type { StartOptions } from './runs.ts';
import { givenOf } from './transfer-variables.ts';
import type { ValueOptions } from './transfer-variables.ts';

export interface TransfersListOptions extends ControlOptions {
  readonly q?: string;
  readonly group?: string;
  readonly connection?: string;
  readonly label?: readonly string[];
  readonly limit: string;
}

const columns: readonly ListColumn<TransferSummary>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name, shrinks: true },
  { title: 'REVISION', cell: ({ revision }) => String(revision), isNumber: true },
  { title: 'RUNS', cell: ({ isEnabled }) => (isEnabled ? 'yes' : 'off') },
  { title: 'LAST RUN', cell: ({ lastRun }) => lastRun?.state ?? '' },
  { title: 'CHANGED', cell: ({ updatedAt }) => localTime(updatedAt) },
  { title: 'DESCRIPTION', cell: ({ description }) => description, shrinks: true },
];

export function listTransfers(options: TransfersListOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const count = countOf(options.limit, '--limit');
    const client = await openControl(options);
    const { q, group, connection, label } = options;
    const query = {
      limit: Math.min(count, PAGE_LIMIT_MAX),
      ...(q === undefined ? {} : { q }),
      ...(group === undefined ? {} : { groupId: await idOf(client, 'group', group) }),
      ...(connection === undefined ? {} : { connectionId: await idOf(client, 'connection', connection) }),
      ...(label === undefined ? {} : { labelId: await labelIdsOf(client, label) }),
    };
    printList(ctx, await firstItems(client.items('transfers.list', { query, signal: ctx.signal }), count), columns);
  });
}

export interface TransferShowOptions extends ControlOptions {
  readonly revision?: string;
  readonly yaml?: boolean;
}

/** The configuration alone goes to stdout: it can be kept as a file, changed, and given to `update`. */
export function showTransfer(nameOrId: string, options: TransferShowOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const id = await idOf(client, 'transfer', nameOrId);
    if (options.revision !== undefined) {
      const params = { id, no: countOf(options.revision, '--revision') };
      const revision = await client.call('transfers.revision', { params });
      ctx.terminal.out(ctx.isJson ? `${JSON.stringify(revision)}\n` : revision.yaml);
      return;
    }
    const transfer = await client.call('transfers.get', { params: { id } });
    if (ctx.isJson) {
      ctx.terminal.out(`${JSON.stringify(transfer)}\n`);
      return;
    }
    if (options.yaml !== true) ctx.terminal.say(await factsOf(client, transfer));
    ctx.terminal.out(transfer.yaml);
  });
}

async function factsOf(client: Client, transfer: Transfer): Promise<string> {
  const { id, name, description, revision, isEnabled, labelIds, updatedAt, updatedBy } = transfer;
  const labels = await Promise.all(labelIds.map((label) => client.call('labels.get', { params: { id: label } })));
  return factLines({
    id,
    name,
    description,
    labels: labels.map((label) => label.name).join(', '),
    revision: String(revision),
    runs: isEnabled ? '' : 'switched off',
    changed: `${localTime(updatedAt)} by ${updatedBy}`,
  });
}

interface TransferFields {
  readonly label?: readonly string[];
  readonly name?: string;
  readonly description?: string;
  readonly group?: string;
  readonly memo?: string;
}

export interface TransferCreateOptions extends ControlOptions, TransferFields {}

export function createTransfer(file: string, options: TransferCreateOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const config = await textOf(ctx, file, options);
    const client = await openControl(options);
    const name = options.name ?? basename(file).replace(/\.ya?ml(\.liquid)?$/, '');
    const body = { name, ...config, ...(await fieldsOf(client, options)) };
    const transfer = await placedInFile(file, () => client.call('transfers.create', { body }));
    said(ctx, transfer, `The transfer "${transfer.name}" was created: ropeway transfers run ${transfer.id}`);
  });
}

export interface TransferUpdateOptions extends ControlOptions, TransferFields {
  readonly enable?: boolean;
  readonly disable?: boolean;
}

export function updateTransfer(
  nameOrId: string,
  file: string | undefined,
  options: TransferUpdateOptions,
): Promise<number> {
  return runCommand(options, async (ctx) => {
    const config = file === undefined ? {} : await textOf(ctx, file, options);
    const client = await openControl(options);
    const isEnabled =
      options.enable === true ? { isEnabled: true } : options.disable === true ? { isEnabled: false } : {};
    const name = options.name === undefined ? {} : { name: options.name };
    const body = { ...name, ...isEnabled, ...config, ...(await fieldsOf(client, options)) };
    if (Object.keys(body).length === 0) throw cliErrors.error('NOTHING_TO_CHANGE');
    const before = await current(client, nameOrId);
    const call = { params: { id: before.body.id }, body, ifMatch: before.etag ?? '*' };
    const transfer = await placedInFile(file, () => client.call('transfers.update', call));
    const words = transfer.revision === before.body.revision ? '' : ` Its revision is ${transfer.revision} now.`;
    said(ctx, transfer, `The transfer "${transfer.name}" was changed.${words}`);
  });
}

/** The file as it is written: the server keeps it with its comments. */
async function textOf(
  ctx: CommandContext,
  file: string,
  options: ControlOptions,
): Promise<{ yaml: string; yamlDialect: '0.11.5' | '0.11.3' }> {
  const { text, properties } = await openConfig(ctx, file, options);
  return { yaml: text, yamlDialect: properties.dialect ?? '0.11.5' };
}

async function fieldsOf(
  client: Client,
  { description, group, memo, label }: TransferFields,
): Promise<{ description?: string; groupId?: string; memo?: string; labelIds?: string[] }> {
  return {
    ...(label === undefined ? {} : { labelIds: await labelIdsOf(client, label) }),
    ...(description === undefined ? {} : { description }),
    ...(group === undefined ? {} : { groupId: await idOf(client, 'group', group) }),
    ...(memo === undefined ? {} : { memo }),
  };
}

async function labelIdsOf(client: Client, names: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  // `--label ""` takes all off.
  for (const name of names) if (name !== '') ids.push(await idOf(client, 'label', name));
  return ids;
}

async function current(client: Client, nameOrId: string): Promise<Reply<Transfer>> {
  return client.ask('transfers.get', { params: { id: await idOf(client, 'transfer', nameOrId) } });
}

export function deleteTransfer(nameOrId: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const id = await idOf(client, 'transfer', nameOrId);
    await client.call('transfers.delete', { params: { id } });
    said(ctx, { id, deleted: true }, `The transfer ${id} is gone, with its revisions.`);
  });
}

const revisionColumns: readonly ListColumn<RevisionSummary>[] = [
  { title: 'NO', cell: ({ no, isCurrent }) => `${no}${isCurrent ? '*' : ''}`, isNumber: true },
  { title: 'CREATED', cell: ({ createdAt }) => localTime(createdAt) },
  { title: 'BY', cell: ({ author }) => author, shrinks: true },
  { title: 'MEMO', cell: ({ memo }) => memo, shrinks: true },
];

export function listRevisions(nameOrId: string, options: TransfersListOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const count = countOf(options.limit, '--limit');
    const client = await openControl(options);
    const params = { id: await idOf(client, 'transfer', nameOrId) };
    const query = { limit: Math.min(count, PAGE_LIMIT_MAX) };
    const items = client.items('transfers.revisions', { params, query, signal: ctx.signal });
    printList(ctx, await firstItems(items, count), revisionColumns);
  });
}

export function diffTransfer(
  nameOrId: string,
  from: string,
  to: string | undefined,
  options: ControlOptions,
): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const params = { id: await idOf(client, 'transfer', nameOrId) };
    const query = { from: countOf(from, 'FROM'), ...(to === undefined ? {} : { to: countOf(to, 'TO') }) };
    const diff = await client.call('transfers.diff', { params, query });
    ctx.terminal.out(ctx.isJson ? `${JSON.stringify(diff)}\n` : diff.text);
  });
}

export interface CopyOptions extends ControlOptions {
  readonly group?: string;
  readonly schedules?: 'none' | 'off' | 'same';
}

export function copyTransfer(nameOrId: string, name: string, options: CopyOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const params = { id: await idOf(client, 'transfer', nameOrId) };
    const { group, schedules = 'off' } = options;
    const groupId = group === undefined ? {} : { groupId: await idOf(client, 'group', group) };
    const transfer = await client.call('transfers.copy', { params, body: { name, schedules, ...groupId } });
    said(ctx, transfer, `The transfer "${transfer.name}" was created: ${transfer.id}`);
  });
}

export interface RestoreOptions extends ControlOptions {
  readonly memo?: string;
}

export function restoreRevision(nameOrId: string, no: string, options: RestoreOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const number = countOf(no, 'NO');
    const client = await openControl(options);
    const before = await current(client, nameOrId);
    const { memo } = options;
    const transfer = await client.call('transfers.restore', {
      params: { id: before.body.id, no: number },
      body: memo === undefined ? {} : { memo },
      ifMatch: before.etag ?? '*',
    });
    said(ctx, transfer, `Revision ${no} is what revision ${transfer.revision} of "${transfer.name}" is now.`);
  });
}

export interface TransferRunOptions extends StartOptions, ValueOptions {
  readonly var?: readonly string[];
  readonly revision?: string;
}

export function runTransfer(nameOrId: string, options: TransferRunOptions): Promise<number> {
  return runCommand(
    options,
    async (ctx) => {
      const body = {
        variables: variablesOf(options.var),
        ...givenOf(options),
        ...(options.revision === undefined ? {} : { revision: countOf(options.revision, '--revision') }),
      };
      const client = await openControl(options);
      const params = { id: await idOf(client, 'transfer', nameOrId) };
      return afterStart(ctx, client, { run: await client.call('transfers.run', { params, body }), options });
    },
    { stopWords: LEAVE_WORDS },
  );
}

export function variablesOf(pairs: readonly string[] | undefined): Record<string, string> {
  return Object.fromEntries(pairsOf(pairs, { option: '--var', form: 'name=value' }));
}

function said(ctx: CommandContext, facts: object, words: string): void {
  if (ctx.isJson) ctx.terminal.out(`${JSON.stringify(facts)}\n`);
  else ctx.terminal.say(`${words}\n`);
}
