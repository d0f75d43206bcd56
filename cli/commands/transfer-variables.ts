/** `ropeway transfers variables`: what runs would get for the variables of a transfer, and their declarations. */
import { z } from 'zod';
import type { Variable, VariableFiring, VariablePreview } from '#api/resources/variable.ts';
import { variableList } from '#api/resources/variable.ts';
import { readYaml } from '#codec/yaml/yaml-reader.ts';
import { readConfigText } from '#engine/config/load.ts';
import { runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import { countOf, pairsOf } from '#cli/command-line.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { idOf } from '#cli/control-names.ts';
import { cliErrors } from '#cli/errors.ts';
import { listTable } from '#cli/list-table.ts';
import type { ListColumn } from '#cli/list-table.ts';
import { instantOf, localTime } from '#cli/local-time.ts';

export interface ValueOptions {
  readonly at?: string;
  readonly value?: readonly string[];
}

/** What a run is given for `$name$`. */
export function givenOf({ at, value }: ValueOptions): { values: Record<string, string>; at?: string } {
  const values = Object.fromEntries(pairsOf(value, { option: '--value', form: 'name=value' }));
  return { values, ...(at === undefined ? {} : { at: instantOf(at) }) };
}

export interface VariablesOptions extends ControlOptions, ValueOptions {
  readonly count?: string;
  readonly declare?: string;
}

export function transferVariables(which: string, options: VariablesOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const count = options.count === undefined ? {} : { count: countOf(options.count, '--count') };
    const variables = options.declare === undefined ? undefined : await readDeclarations(options.declare);
    const client = await openControl(options);
    const params = { id: await idOf(client, 'transfer', which) };
    if (variables !== undefined) {
      const before = await client.ask('transfers.get', { params });
      await client.call('transfers.update', { params, body: { variables }, ifMatch: before.etag ?? '*' });
    }
    const preview = await client.call('variables.preview', { params, body: { ...givenOf(options), ...count } });
    if (ctx.isJson) ctx.terminal.out(`${JSON.stringify(preview)}\n`);
    else printPreview(ctx, preview);
  });
}

/** `variables:` and the list of declarations, in YAML or JSON. */
async function readDeclarations(file: string): Promise<Variable[]> {
  const { value } = readYaml(await readConfigText(file), file, '0.11.5');
  const read = z.strictObject({ variables: variableList }).safeParse(value);
  if (read.success) return read.data.variables;
  const [issue] = read.error.issues;
  const params = { file, place: issue?.path.join('.') ?? '', reason: issue?.message ?? '' };
  throw cliErrors.error('DECLARATIONS_INVALID', params);
}

const columns: readonly ListColumn<VariableFiring['values'][number]>[] = [
  { title: 'VARIABLE', cell: ({ name }) => `$${name}$` },
  { title: 'SIDE', cell: ({ side }) => side },
  { title: 'KIND', cell: ({ kind }) => kind },
  {
    title: 'VALUE',
    cell: ({ value, isGiven }) => `${value ?? '(asked for when it runs)'}${isGiven ? ' (given)' : ''}`,
  },
];

function printPreview({ terminal }: CommandContext, { variables, run, firings }: VariablePreview): void {
  if (variables.length === 0) {
    terminal.say('It declares no variables.\n');
    return;
  }
  terminal.out(`A run by hand, about ${localTime(run.at)}:\n`);
  terminal.out(listTable(run.values, columns, terminal.outWidth));
  printTexts(terminal, run);
  for (const firing of firings) {
    terminal.out(`\nScheduled for ${localTime(firing.at)}:\n`);
    terminal.out(firing.values.map(({ name, value }) => `  $${name}$ = ${value ?? '(asked for)'}\n`).join(''));
    printTexts(terminal, firing);
  }
}

function printTexts(terminal: CommandContext['terminal'], { fields, problems }: VariableFiring): void {
  terminal.out(fields.map(({ path, text }) => `  ${path.join('.')}: ${text}\n`).join(''));
  terminal.out(problems.map((problem) => `  ${terminal.style('red', 'x')} ${problem}\n`).join(''));
}
