/** `ropeway audit …`: what was done, by whom, to what. */
import { PAGE_LIMIT_MAX } from '#api/page.ts';
import type { AuditEvent } from '#api/resources/audit.ts';
import { runCommand } from '#cli/command-context.ts';
import { countOf } from '#cli/command-line.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { firstItems, printList } from '#cli/list-table.ts';
import type { ListColumn } from '#cli/list-table.ts';
import { instantOf, localTime } from '#cli/local-time.ts';

export interface AuditOptions extends ControlOptions {
  readonly actor?: string;
  readonly action?: string;
  readonly resource?: string;
  readonly outcome?: AuditEvent['outcome'];
  readonly since?: string;
  readonly until?: string;
}

const columns: readonly ListColumn<AuditEvent>[] = [
  { title: 'WHEN', cell: ({ at }) => localTime(at) },
  { title: 'WHO', cell: ({ actor }) => actor, shrinks: true },
  { title: 'ACTION', cell: ({ action }) => action },
  { title: 'WHAT', cell: (event) => whatOf(event), shrinks: true },
  { title: 'FIELDS', cell: ({ fields }) => fields.join(' '), shrinks: true },
  { title: 'OUTCOME', cell: ({ outcome, code }) => (code === null ? outcome : `${outcome}: ${code}`) },
];

function whatOf({ resourceKind, resourceId, resourceName }: AuditEvent): string {
  return `${resourceKind ?? ''} ${resourceName ?? resourceId ?? ''}`.trim();
}

/** As the API takes them. */
function filtersOf({ actor, action, resource, outcome, since, until }: AuditOptions) {
  return {
    ...(actor === undefined ? {} : { actor }),
    ...(action === undefined ? {} : { action }),
    ...(resource === undefined ? {} : { resourceId: resource }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(since === undefined ? {} : { since: instantOf(since) }),
    ...(until === undefined ? {} : { until: instantOf(until) }),
  };
}

export function listAudit(options: AuditOptions & { readonly limit: string }): Promise<number> {
  return runCommand(options, async (ctx) => {
    const count = countOf(options.limit, '--limit');
    const query = { limit: Math.min(count, PAGE_LIMIT_MAX), ...filtersOf(options) };
    const items = (await openControl(options)).items('audit.list', { query, signal: ctx.signal });
    printList(ctx, await firstItems(items, count), columns);
  });
}

export function exportAudit(options: AuditOptions & { readonly format: 'csv' | 'ndjson' }): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const call = { query: filtersOf(options), signal: ctx.signal };
    // As it comes: a year of it is not held.
    const response = await client.open(options.format === 'csv' ? 'audit.csv' : 'audit.ndjson', call);
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) ctx.terminal.out(decoder.decode(bytes, { stream: true }));
  });
}
