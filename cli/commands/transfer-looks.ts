/** `ropeway transfers guess|preview`: the server's runners look at the source, not this machine. */
import { z } from 'zod';
import type { Client } from '#api/client.ts';
import type { Run } from '#api/resources/run.ts';
import { printYaml } from '#codec/yaml/print-yaml.ts';
import type { JsonObject } from '#spi/json.ts';
import { runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import { countOf } from '#cli/command-line.ts';
import { checkWritable, openConfig, writeWhole } from '#cli/config-file.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { idOf } from '#cli/control-names.ts';
import { resultOf } from '#cli/follow-run.ts';
import { placedInFile } from '#cli/placed-problem.ts';
import { framedTable } from '#cli/preview-table.ts';
import { variablesOf } from './transfers.ts';

export interface LookOptions extends ControlOptions {
  readonly var?: readonly string[];
}

const guessResult = z.object({
  config: z.record(z.string(), z.unknown()),
  findings: z.array(z.object({ sentence: z.string(), confidence: z.string() })),
});

export interface TransferGuessOptions extends LookOptions {
  readonly output?: string;
}

export function guessTransfer(which: string, options: TransferGuessOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    if (options.output !== undefined) await checkWritable(options.output);
    const run = await look(ctx, which, { kind: 'guess', options });
    const { config, findings } = guessResult.parse(run.result);
    // It was JSON.
    const yaml = printYaml(config as JsonObject);
    if (options.output !== undefined) await writeWhole(options.output, yaml);
    if (ctx.isJson) {
      ctx.terminal.out(`${JSON.stringify({ config, findings })}\n`);
      return;
    }
    for (const { sentence, confidence } of findings) {
      const isUnsure = confidence === 'unsure';
      ctx.terminal.say(`${ctx.terminal.style(isUnsure ? 'yellow' : 'green', isUnsure ? '?' : '✓')} ${sentence}\n`);
    }
    if (options.output === undefined) ctx.terminal.out(yaml);
    else ctx.terminal.say(`Wrote ${options.output}.\n`);
  });
}

const previewResult = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  records: z.array(z.array(z.unknown())),
  is_cut: z.boolean().optional(),
});

export interface TransferPreviewOptions extends LookOptions {
  readonly rows?: string;
}

export function previewTransfer(which: string, options: TransferPreviewOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const rows = options.rows === undefined ? {} : { rows: countOf(options.rows, '--rows') };
    const run = await look(ctx, which, { kind: 'preview', options, ...rows });
    const { columns, records, is_cut: isCut } = previewResult.parse(run.result);
    if (ctx.isJson) {
      const named = records.map((record) => Object.fromEntries(columns.map(({ name }, at) => [name, record[at]])));
      ctx.terminal.out(named.map((record) => `${JSON.stringify(record)}\n`).join(''));
    } else {
      const titles = columns.map(({ name, type }) => `${name}:${type}`);
      ctx.terminal.out(
        framedTable(
          titles,
          records.map((record) => record.map(cellText)),
        ),
      );
    }
    if (isCut === true) ctx.log.warn('There were more records than one answer holds.', { shown: records.length });
  });
}

function cellText(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

interface Look {
  readonly kind: 'guess' | 'preview';
  readonly options: LookOptions;
  readonly rows?: number;
}

/** Of a configuration in a file, or of a saved transfer. */
async function look(ctx: CommandContext, which: string, { kind, options, rows }: Look): Promise<Run> {
  const fields = { variables: variablesOf(options.var), ...(rows === undefined ? {} : { rows }) };
  if (!/\.ya?ml(\.liquid)?$/.test(which)) {
    const client = await openControl(options);
    const params = { id: await idOf(client, 'transfer', which) };
    return resultOf(ctx, client, await client.call(`transfers.${kind}`, { params, body: fields }));
  }
  const { value: config } = await openConfig(ctx, which, options);
  const client = await openControl(options);
  return resultOf(ctx, client, await placedInFile(which, () => startOfConfig(client, kind, { ...fields, config })));
}

function startOfConfig(
  client: Client,
  kind: Look['kind'],
  body: { config: JsonObject; variables: Record<string, string>; rows?: number },
): Promise<Run> {
  return client.call(kind === 'guess' ? 'transfers.guessConfig' : 'transfers.previewConfig', { body });
}
