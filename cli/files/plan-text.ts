/** A plan as people and machines read it. Values of secrets are not in a plan, so that none can be printed. */
import type { CommandContext } from '#cli/command-context.ts';
import { visible } from '#cli/text-width.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json } from '#spi/json.ts';
import type { FieldChange } from './json-change.ts';
import type { Plan, Step } from './plan.ts';

/** Characters of a value that are shown. */
const VALUE_LENGTH_MAX = 200;

const signs = { create: '+', change: '~', delete: '-', remember: '=' } as const;
const words = { create: 'create', change: 'change', delete: 'delete', remember: 'remember' } as const;
const driftWords = {
  none: '',
  changed: 'changed in the service since the last apply',
  unknown: 'in the service, but never applied from files',
} as const;

/** Steps that change something. */
export function changing(plan: Plan): readonly Step[] {
  return plan.steps.filter(({ action }) => action !== 'remember');
}

export function printPlan(ctx: CommandContext, plan: Plan): void {
  const { terminal } = ctx;
  const steps = changing(plan);
  if (ctx.isJson) {
    for (const step of steps) terminal.out(`${JSON.stringify(stepFacts(step))}\n`);
    terminal.out(`${JSON.stringify({ event: 'plan', ...counts(plan), unfiled: plan.unfiled })}\n`);
    return;
  }
  for (const step of steps) terminal.out(stepText(step));
  for (const { kind, name } of plan.unfiled) terminal.out(visibleLine(`  ? ${kind} ${quoted(name)}  in no file`));
  terminal.out(`${summary(plan)}\n`);
}

export function stepFacts({ kind, name, action, file, changes, drift }: Step): Record<string, unknown> {
  return {
    event: 'step',
    kind: kind.kind,
    name,
    action,
    file: file?.path ?? null,
    drift,
    changes: action === 'change' ? changes.map(({ path, from, to }) => ({ path, from, to })) : [],
  };
}

function stepText(step: Step): string {
  const { kind, name, action, file, changes, drift } = step;
  const place = file === undefined ? '' : `  ${file.path}`;
  const note = driftWords[drift] === '' ? '' : `  (${driftWords[drift]})`;
  const head = visibleLine(`  ${signs[action]} ${kind.kind} ${quoted(name)}${place}${note}`);
  return head + (action === 'change' ? changes.map(changeText).join('') : '');
}

function changeText({ path, from, to }: FieldChange): string {
  return visibleLine(`      ${path.join('.')}: ${shown(from)} -> ${shown(to)}`);
}

/** Of one line; names and values may hold anything. */
function visibleLine(text: string): string {
  return `${visible(text)}\n`;
}

function quoted(name: string): string {
  return JSON.stringify(name);
}

function shown(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  if (isJsonObject(value) && Object.keys(value).length === 0) return '{}';
  const text = JSON.stringify(value);
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}…` : text;
}

function counts(plan: Plan): { create: number; change: number; delete: number; drift: number } {
  const of = (action: Step['action']): number => plan.steps.filter((step) => step.action === action).length;
  const drift = changing(plan).filter((step) => step.drift !== 'none').length;
  return { create: of('create'), change: of('change'), delete: of('delete'), drift };
}

function summary(plan: Plan): string {
  const all = counts(plan);
  const parts = (['create', 'change', 'delete'] as const).flatMap((action) =>
    all[action] === 0 ? [] : [`${all[action]} to ${words[action]}`],
  );
  return parts.length === 0 ? 'Nothing to do: the service is as the files say.' : `${parts.join(', ')}.`;
}
