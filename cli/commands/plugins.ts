/** `ropeway plugins`: what there is; `ropeway plugins describe csv`: everything about it. From the declarations. */
import { z } from 'zod';
import type { AnyPlugin, Kind } from '#spi/plugin.ts';
import { openCatalog } from '#cli/catalog.ts';
import { runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import type { SharedOptions } from '#cli/command-line.ts';
import type { Installation } from '#cli/installation.ts';
import { cliErrors } from '#cli/errors.ts';

const kindTitles: Readonly<Record<Kind, string>> = {
  input: 'Inputs (in)',
  file_input: 'File inputs (in)',
  decoder: 'Decoders (in.decoders)',
  parser: 'Parsers (in.parser)',
  filter: 'Filters (filters)',
  formatter: 'Formatters (out.formatter)',
  encoder: 'Encoders (out.encoders)',
  file_output: 'File outputs (out)',
  output: 'Outputs (out)',
  connection: 'Connections (test, discover)',
  guess: 'Guessers (exec.guess_plugins)',
};

export function listPlugins(options: SharedOptions, installation: Installation): Promise<number> {
  return runCommand(options, async ({ terminal, isJson }) => {
    const { catalog } = await openCatalog(options, installation);
    if (isJson) {
      const entries = catalog.map((member) => {
        const { kind, name, title, summary, stability } = member;
        return { kind, name, title, summary, stability, ...fromOf(member) };
      });
      terminal.out(`${JSON.stringify(entries, undefined, 2)}\n`);
      return;
    }
    const width = Math.max(...catalog.map(({ name }) => name.length));
    for (const [kind, title] of Object.entries(kindTitles)) {
      const members = catalog.filter((member) => member.kind === kind);
      if (members.length === 0) continue;
      terminal.out(`${title}\n`);
      for (const member of members) {
        const { from } = fromOf(member);
        const origin = from === undefined ? '' : ` From ${from}.`;
        terminal.out(`  ${member.name.padEnd(width)}  ${member.summary}${origin}\n`);
      }
      terminal.out('\n');
    }
    terminal.out('More about one: ropeway plugins describe NAME\n');
  });
}

/** Where a plugin comes from, when it does not come with Ropeway. */
function fromOf(member: AnyPlugin): { readonly from?: string } {
  return 'from' in member ? { from: String(member.from) } : {};
}

export function describePlugin(name: string, options: SharedOptions, installation: Installation): Promise<number> {
  return runCommand(options, async (ctx) => {
    const { catalog } = await openCatalog(options, installation);
    const members = catalog.filter((member) => member.name === name);
    if (members.length === 0) throw cliErrors.error('PLUGIN_NOT_FOUND', { name });
    if (ctx.isJson) {
      const entries = await Promise.all(
        members.map(async (member) => {
          const { kind, name: own, title, summary, stability, examples } = member;
          const told = { kind, name: own, title, summary, stability, examples, ...fromOf(member) };
          return { ...told, config: await jsonSchema(member) };
        }),
      );
      ctx.terminal.out(`${JSON.stringify(entries, undefined, 2)}\n`);
    } else {
      for (const member of members) describe(ctx, member, await jsonSchema(member));
    }
  });
}

interface OptionSchema {
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly items?: OptionSchema;
  readonly anyOf?: readonly OptionSchema[];
  readonly properties?: Readonly<Record<string, OptionSchema>>;
  readonly required?: readonly string[];
}

async function jsonSchema(member: AnyPlugin): Promise<OptionSchema> {
  return z.toJSONSchema(await member.config(), { io: 'input', unrepresentable: 'any' }) as OptionSchema;
}

function describe({ terminal }: CommandContext, member: AnyPlugin, schema: OptionSchema): void {
  const out = (text: string): void => terminal.out(text);
  out(`${member.name} — ${member.title} (${member.kind}, ${member.stability})\n\n${member.summary}\n`);
  describeOptions(out, schema, '');
  for (const { title, yaml } of member.examples) {
    out(`\nExample: ${title}\n${yaml.trimEnd().replace(/^/gm, '  ')}\n`);
  }
  out('\n');
}

function describeOptions(out: (text: string) => void, schema: OptionSchema, indent: string): void {
  const properties = Object.entries(schema.properties ?? {});
  if (indent === '') out(properties.length === 0 ? '\nNo options.\n' : '\nOptions:\n');
  for (const [name, option] of properties) {
    const isRequired = schema.required?.includes(name) ?? false;
    const preset = option.default === undefined ? 'optional' : `default ${JSON.stringify(option.default)}`;
    out(`${indent}  ${name}: ${typeText(option)}, ${isRequired ? 'required' : preset}\n`);
    if (option.description !== undefined) out(`${indent}      ${option.description}\n`);
    if (option.examples !== undefined) {
      out(`${indent}      For example: ${option.examples.map((value) => JSON.stringify(value)).join(', ')}\n`);
    }
    if (option.items?.properties !== undefined) describeOptions(out, option.items, `${indent}    `);
  }
}

function typeText(option: OptionSchema): string {
  if (option.enum !== undefined) return option.enum.map(String).join(' | ');
  if (option.anyOf !== undefined) return option.anyOf.map(typeText).join(' or ');
  if (option.type === 'array') return `list of ${option.items === undefined ? 'any' : typeText(option.items)}`;
  if (option.type === 'object') return 'mapping';
  return option.type === undefined ? 'any' : String(option.type);
}
