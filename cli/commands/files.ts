/** `ropeway export`, `diff` and `apply`: definitions as files. */
import { createInterface } from 'node:readline/promises';
import type { RopewayError } from '#spi/errors.ts';
import { openCatalog } from '#cli/catalog.ts';
import { runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { applyPlan } from '#cli/files/apply-plan.ts';
import { fileErrors } from '#cli/files/errors.ts';
import { exportFolder } from '#cli/files/export-folder.ts';
import type { ExportedFile } from '#cli/files/export-folder.ts';
import { assertFolder } from '#cli/files/folder.ts';
import { makePlan } from '#cli/files/plan.ts';
import type { Plan, PlanOptions, Step } from '#cli/files/plan.ts';
import { changing, printPlan, stepFacts } from '#cli/files/plan-text.ts';
import { groupedByFile, readDefinitions } from '#cli/files/read-definitions.ts';
import type { ReadDefinitions } from '#cli/files/read-definitions.ts';
import { ServiceState } from '#cli/files/service-state.ts';
import type { Installation } from '#cli/installation.ts';

/** 2 says that the files are wrong: whoever asks for differences must be able to tell. */
const DIFFERENT_EXIT_CODE = 3;
const WRONG_EXIT_CODE = 2;

export interface ExportOptions extends ControlOptions {
  readonly prune?: boolean;
}

export function exportDefinitions(folder: string, options: ExportOptions, installation: Installation): Promise<number> {
  return runCommand(options, async (ctx) => {
    const state = await openState(options, installation);
    const files = await exportFolder(folder, state, { prune: options.prune ?? false });
    for (const file of files) sayExported(ctx, file);
    const written = files.filter(({ outcome }) => outcome === 'written').length;
    const same = files.filter(({ outcome }) => outcome === 'same').length;
    if (!ctx.isJson) ctx.terminal.say(`${written} files were written, ${same} were so already.\n`);
    return files.some(({ outcome }) => outcome === 'left out') ? 1 : 0;
  });
}

const exportWords = {
  written: 'written',
  same: '',
  'left out': 'left out',
  removed: 'removed',
  'in no service': 'not on the server; --prune removes it',
} as const;

function sayExported({ isJson, terminal }: CommandContext, file: ExportedFile): void {
  const { kind, name, path, outcome, reason } = file;
  if (isJson) terminal.out(`${JSON.stringify(file)}\n`);
  else if (outcome !== 'same') {
    const why = reason === undefined ? '' : `: ${reason}`;
    terminal.say(
      `  ${outcome === 'left out' ? `${kind} ${JSON.stringify(name)}` : path}  ${exportWords[outcome]}${why}\n`,
    );
  }
}

export interface DiffOptions extends ControlOptions {
  readonly environment?: string;
  readonly prune?: boolean;
  readonly overwrite?: boolean;
}

export function diffDefinitions(folder: string, options: DiffOptions, installation: Installation): Promise<number> {
  return runCommand(options, async (ctx) => {
    const planned = await planOf(ctx, { folder, options, installation, setSecrets: false, places: undefined });
    if (planned === undefined) return WRONG_EXIT_CODE;
    printPlan(ctx, planned.plan);
    return changing(planned.plan).length > 0 ? DIFFERENT_EXIT_CODE : 0;
  });
}

export interface ApplyOptions extends DiffOptions {
  readonly yes?: boolean;
  readonly setSecrets?: boolean;
  readonly secrets?: string;
}

export function applyDefinitions(folder: string, options: ApplyOptions, installation: Installation): Promise<number> {
  return runCommand(options, async (ctx) => {
    const places = { env: process.env, folder: options.secrets ?? folder };
    const setSecrets = options.setSecrets ?? false;
    const planned = await planOf(ctx, { folder, options, installation, setSecrets, places });
    if (planned === undefined) return WRONG_EXIT_CODE;
    const { plan, state, read } = planned;
    printPlan(ctx, plan);
    const steps = changing(plan);
    if (options.overwrite !== true) refuseDrift(steps);
    if (steps.length > 0 && !(await isConfirmed(ctx, options))) return 1;
    const told = (step: Step): void => sayDone(ctx, step);
    const { errors } = await applyPlan(state, plan.steps, { signal: ctx.signal, told });
    reportAll(ctx, errors, read);
    return errors.length > 0 ? 1 : 0;
  });
}

async function openState(options: ControlOptions, installation: Installation): Promise<ServiceState> {
  const { catalog } = await openCatalog(options, installation);
  return ServiceState.read(await openControl(options), catalog);
}

interface Planning extends Pick<PlanOptions, 'setSecrets' | 'places'> {
  readonly folder: string;
  readonly options: DiffOptions;
  readonly installation: Installation;
}

interface Planned {
  readonly plan: Plan;
  readonly state: ServiceState;
  readonly read: ReadDefinitions;
}

/** Undefined when something is wrong with the files: all of it was said. */
async function planOf(
  ctx: CommandContext,
  { folder, options, installation, setSecrets, places }: Planning,
): Promise<Planned | undefined> {
  await assertFolder(folder);
  const state = await openState(options, installation);
  const read = await readDefinitions(folder, state, options.environment);
  const plan = await makePlan(state, read.wanted, { prune: options.prune ?? false, setSecrets, places });
  const errors = [...read.errors, ...plan.errors];
  if (errors.length === 0) return { plan, state, read };
  reportAll(ctx, groupedByFile(errors), read);
  return undefined;
}

/** The lines of these hold what nobody is to see. */
const secretCodes: ReadonlySet<string> = new Set(['DEFINITION_SECRET', 'DEFINITION_SECRET_INLINE']);

/** Each with its lines. */
function reportAll(ctx: CommandContext, errors: readonly RopewayError[], { texts }: ReadDefinitions): void {
  for (const error of errors) {
    const file = texts.get(error.where.file ?? '');
    if (file === undefined || secretCodes.has(error.code)) delete ctx.source;
    else {
      const { path, text, yaml } = file;
      ctx.source = { path, text, placeOf: (at, isKey) => yaml.placeOf(at, isKey) };
    }
    ctx.report(error);
  }
  delete ctx.source;
}

const NAMES_MAX = 10;

function refuseDrift(steps: readonly Step[]): void {
  const drifted = steps.filter(({ drift }) => drift !== 'none');
  if (drifted.length === 0) return;
  const names = drifted.slice(0, NAMES_MAX).map(({ kind, name }) => `${kind.kind} '${name}'`);
  if (drifted.length > NAMES_MAX) names.push('…');
  throw fileErrors.error('DRIFT_REFUSED', { count: drifted.length, names: names.join(', ') });
}

async function isConfirmed({ terminal, isJson }: CommandContext, { yes }: ApplyOptions): Promise<boolean> {
  if (yes === true) return true;
  if (isJson || !process.stdin.isTTY || !terminal.isScreen) throw fileErrors.error('CONFIRMATION_NEEDED');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question('Do it? [y/N] ');
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

const pastWords = { create: 'created', change: 'changed', delete: 'deleted', remember: 'remembered' } as const;

function sayDone({ terminal, isJson }: CommandContext, step: Step): void {
  if (isJson) {
    if (step.action !== 'remember')
      terminal.out(`${JSON.stringify({ ...stepFacts(step), event: 'done', changes: [] })}\n`);
  } else if (step.action !== 'remember') {
    terminal.say(`${step.kind.kind} ${JSON.stringify(step.name)} ${pastWords[step.action]}\n`);
  }
}
