/**
 * Does what a plan says, one resource after the other, each in one request that holds only for the version that was
 * looked at. What an apply is about to make is remembered first: cut short, it is taken up by the next one.
 */
import type { SecretReference } from '#api/resources/applied.ts';
import { problem } from '#api/problem.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import { complain } from './definition-file.ts';
import { fileErrors } from './errors.ts';
import { digestOf } from './json-change.ts';
import type { Step } from './plan.ts';
import { fileField } from './resource-kind.ts';
import type { Content, Found, Written } from './resource-kind.ts';
import type { ServiceState } from './service-state.ts';

export interface Outcome {
  readonly done: readonly Step[];
  /** The one that failed, and those behind it. */
  readonly left: readonly Step[];
  readonly errors: readonly RopewayError[];
}

export async function applyPlan(
  state: ServiceState,
  steps: readonly Step[],
  { signal, told }: { readonly signal: AbortSignal; readonly told: (step: Step) => void },
): Promise<Outcome> {
  const done: Step[] = [];
  for (const [index, step] of steps.entries()) {
    try {
      signal.throwIfAborted();
      await doStep(state, step);
    } catch (error) {
      if (!isRopewayError(error) && !signal.aborted) throw error;
      const left = steps.slice(index);
      return { done, left, errors: [...(isRopewayError(error) ? placed(error, step) : []), stopped(step, done, left)] };
    }
    done.push(step);
    told(step);
  }
  return { done, left: [], errors: [] };
}

async function doStep(state: ServiceState, step: Step): Promise<void> {
  const { kind, name, action, content, found, secrets } = step;
  if (action === 'delete') {
    if (found !== undefined) await kind.remove(state, found);
    return;
  }
  if (content === undefined) return;
  if (action === 'create') {
    const made = await kind.create(state, content, secrets);
    state.made(kind.kind, name, made.id);
    await remember(state, { step, content, written: made });
    return;
  }
  if (found === undefined) return;
  let written: Written = found;
  if (action === 'change') {
    await announce(state, { step, content, found });
    written = await kind.update(state, { found, content, secrets });
  }
  await remember(state, { step, content, written });
}

interface Remembered {
  readonly step: Step;
  readonly content: Content;
}

async function announce(
  state: ServiceState,
  { step, content, found }: Remembered & { readonly found: Found },
): Promise<void> {
  await state.client.call('applied.put', {
    params: { kind: step.kind.kind, id: found.id },
    body: {
      version: found.version,
      digest: digestOf(found),
      nextDigest: digestOf(content),
      // Where secrets are looked up from now on is true once they were sent.
      secretReferences: state.applied(found.id)?.secretReferences ?? {},
    },
  });
}

async function remember(
  { client }: ServiceState,
  { step, content, written }: Remembered & { readonly written: Written },
): Promise<void> {
  await client.call('applied.put', {
    params: { kind: step.kind.kind, id: written.id },
    body: { version: written.version, digest: digestOf(content), secretReferences: references(content) },
  });
}

function references({ secrets }: Content): Record<string, SecretReference> {
  return Object.fromEntries([...secrets].flatMap(([option, each]) => (each === null ? [] : [[option, each]])));
}

/** What the service complains about, at the lines of the file. */
function placed(error: RopewayError, { file }: Step): readonly RopewayError[] {
  const read = problem.safeParse('problem' in error ? error.problem : undefined);
  const fields = read.success ? (read.data.errors ?? []).filter(({ in: part }) => part === 'body') : [];
  if (file === undefined || fields.length === 0) return [error];
  return fields.map(({ path, message }) => {
    const at = fileField(path);
    const reason = `${at.join('.')}: ${message}`;
    return complain(file, { path: at, code: 'DEFINITION_FIELD', params: { reason } });
  });
}

const SHOWN_MAX = 20;

function stopped(step: Step, done: readonly Step[], left: readonly Step[]): RopewayError {
  const words = (steps: readonly Step[]): string => {
    if (steps.length === 0) return 'nothing';
    const names = steps.slice(0, SHOWN_MAX).map(({ kind, name }) => `${kind.kind} '${name}'`);
    return steps.length > SHOWN_MAX ? `${names.join(', ')} and ${steps.length - SHOWN_MAX} more` : names.join(', ');
  };
  const params = { kind: step.kind.kind, name: step.name, done: words(done), left: words(left) };
  return fileErrors.error('APPLY_STOPPED', params);
}
