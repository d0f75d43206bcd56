/** The files held against the service: what would be done, in the order in which it can be. */
import type { SecretReference } from '#api/resources/applied.ts';
import type { RopewayError } from '#spi/errors.ts';
import type { Json } from '#spi/json.ts';
import { complain, placeIn } from './definition-file.ts';
import type { PlacedFile } from './definition-file.ts';
import { fileErrors } from './errors.ts';
import { contentChanges, digestOf, fieldChanges } from './json-change.ts';
import type { FieldChange } from './json-change.ts';
import { kinds } from './kind-list.ts';
import type { Wanted } from './read-definitions.ts';
import type { Content, Found, ResourceKind } from './resource-kind.ts';
import { pluginOf } from './kinds/connections.ts';
import { isTextOption, placeWords, resolveSecret } from './secrets.ts';
import type { SecretPlaces } from './secrets.ts';
import type { ServiceState } from './service-state.ts';

export interface Step {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly action: 'create' | 'change' | 'delete' | 'remember';
  readonly file: PlacedFile | undefined;
  readonly found: Found | undefined;
  readonly content: Content | undefined;
  readonly changes: readonly FieldChange[];
  /** Secret options whose values are sent; only when it is to be done. */
  readonly secrets: ReadonlyMap<string, Json>;
  /** Who changed it elsewhere, as far as it is known. */
  readonly drift: 'none' | 'changed' | 'unknown';
}

export interface Plan {
  /** What leaves the service as it is (`remember`) among them. */
  readonly steps: readonly Step[];
  /** In the service, and in no file. */
  readonly unfiled: readonly { readonly kind: string; readonly name: string }[];
  readonly errors: readonly RopewayError[];
}

export interface PlanOptions {
  readonly prune: boolean;
  /** Sends the values of all secrets, also of those that are set. */
  readonly setSecrets: boolean;
  /** Without them no value of a secret is looked up: for those who only look. */
  readonly places: SecretPlaces | undefined;
}

export async function makePlan(state: ServiceState, wanted: readonly Wanted[], options: PlanOptions): Promise<Plan> {
  const errors: RopewayError[] = [];
  const steps: Step[] = [];
  for (const each of wanted) {
    const found = state.found(each.kind.kind).get(each.content.name);
    errors.push(...refusals(each, found));
    const step = found === undefined ? creation(each) : change(each, { found, state, options });
    if (step === undefined) continue;
    const secrets = await secretsOf(step, { state, options, errors });
    steps.push({ ...step, secrets });
  }
  const { deletions, unfiled } = leftOver(state, wanted, options.prune);
  return { steps: [...steps, ...deletions], unfiled, errors };
}

function refusals({ kind, file, content }: Wanted, found: Found | undefined): readonly RopewayError[] {
  if (found === undefined) return [];
  const { name } = content;
  if (found.hidden !== undefined) {
    const params = { kind: kind.kind, name, reason: found.hidden };
    return [fileErrors.error('DEFINITION_HIDDEN', params, { where: placeIn(file, [kind.namedBy ?? 'name']) })];
  }
  return (kind.fixed ?? []).flatMap((field) => {
    const value = String(found.fields[field]);
    if (content.fields[field] === found.fields[field]) return [];
    const params = { field, kind: kind.kind, name, value };
    return [complain(file, { path: [field], code: 'DEFINITION_FIXED', params })];
  });
}

const none: ReadonlyMap<string, Json> = new Map();

function creation({ kind, file, content }: Wanted): Step {
  const { name } = content;
  const changes = fieldChanges({}, content.fields);
  return { kind, name, action: 'create', file, found: undefined, content, changes, secrets: none, drift: 'none' };
}

interface Against {
  readonly found: Found;
  readonly state: ServiceState;
  readonly options: PlanOptions;
}

/** Undefined when everything, and what is remembered of it, is as it should be. */
function change({ kind, file, content }: Wanted, { found, state, options }: Against): Step | undefined {
  const { name } = content;
  const fields = contentChanges(found, content);
  const changes = [...fields, ...secretChanges(content, { found, state, options })];
  const base = { kind, name, file, found, content, changes, secrets: none } as const;
  if (changes.length > 0) {
    // A secret alone writes over nothing that somebody else may have said.
    return { ...base, action: 'change', drift: fields.length > 0 ? driftOf(found, state) : 'none' };
  }
  const known = state.applied(found.id);
  const isKnown =
    known !== undefined &&
    known.version === found.version &&
    known.digest === digestOf(content) &&
    known.nextDigest === null &&
    sameReferences(known.secretReferences, content.secrets);
  return isKnown ? undefined : { ...base, action: 'remember', drift: 'none' };
}

/** A secret is sent when there is none yet, when it is to be looked up elsewhere, or when it is asked for. */
function secretChanges({ secrets }: Content, { found, state, options }: Against): readonly FieldChange[] {
  const known = state.applied(found.id)?.secretReferences ?? {};
  return [...secrets].flatMap(([option, reference]): FieldChange[] => {
    const path = ['options', ...option.split('.')];
    const isSet = found.secretsSet.includes(option);
    if (reference === null) return isSet ? [{ path, from: '(secret)', to: undefined }] : [];
    const before = known[option];
    const isElsewhere = before !== undefined && placeWords(before) !== placeWords(reference);
    if (isSet && !isElsewhere && !options.setSecrets) return [];
    return [{ path, from: isSet ? '(secret)' : undefined, to: { ...reference } }];
  });
}

function sameReferences(
  known: Readonly<Record<string, SecretReference>>,
  secrets: ReadonlyMap<string, SecretReference | null>,
): boolean {
  const wanted = [...secrets].flatMap(([option, reference]) =>
    reference === null ? [] : [`${option} ${placeWords(reference)}`],
  );
  const before = Object.entries(known).map(([option, reference]) => `${option} ${placeWords(reference)}`);
  return wanted.length === before.length && wanted.every((each) => before.includes(each));
}

/** Whether the service is as the last apply left it, or as one that was cut short was about to make it. */
function driftOf(found: Found, state: ServiceState): Step['drift'] {
  const known = state.applied(found.id);
  if (known === undefined) return 'unknown';
  const digest = digestOf(found);
  const isKnown = known.version === found.version || digest === known.digest || digest === known.nextDigest;
  return isKnown ? 'none' : 'changed';
}

/** What no file names. Only what was applied once is deleted: the rest was made by somebody else. */
function leftOver(
  state: ServiceState,
  wanted: readonly Wanted[],
  prune: boolean,
): { deletions: readonly Step[]; unfiled: Plan['unfiled'] } {
  const deletions: Step[] = [];
  const unfiled: { kind: string; name: string }[] = [];
  for (const kind of [...kinds].reverse()) {
    const filed = new Set(wanted.flatMap((each) => (each.kind === kind ? [each.content.name] : [])));
    for (const found of state.found(kind.kind).values()) {
      if (filed.has(found.name)) continue;
      if (!prune || state.applied(found.id) === undefined) {
        unfiled.push({ kind: kind.kind, name: found.name });
        continue;
      }
      const changes = fieldChanges(found.fields, {});
      const rest = { file: undefined, content: undefined, changes, secrets: none, drift: driftOf(found, state) };
      deletions.push({ kind, name: found.name, action: 'delete', found, ...rest });
    }
  }
  return { deletions, unfiled };
}

async function secretsOf(
  { action, content, changes, file }: Step,
  { state, options, errors }: { state: ServiceState; options: PlanOptions; errors: RopewayError[] },
): Promise<ReadonlyMap<string, Json>> {
  const values = new Map<string, Json>();
  if (content === undefined || options.places === undefined) return values;
  const changed = new Set(changes.map(({ path }) => path.slice(1).join('.')));
  const plugin = pluginOf(state.catalog, String(content.fields['plugin']));
  for (const [option, reference] of content.secrets) {
    if (reference === null || plugin === undefined || (action !== 'create' && !changed.has(option))) continue;
    const read = await resolveSecret(reference, await isTextOption(plugin, option), options.places);
    if ('value' in read) values.set(option, read.value);
    else if (file !== undefined) {
      const params = { option, place: placeWords(reference), reason: read.reason };
      errors.push(complain(file, { path: ['options', ...option.split('.')], code: 'SECRET_UNRESOLVED', params }));
    }
  }
  return values;
}
