/**
 * Makes the objects of an attempt, its Secret first, and says exactly what is known when that fails. Names follow from
 * the attempt, so a repeated launch meets what the first one made and adopts it.
 */
import { LaunchError } from './executor.ts';
import type { AttemptSpec } from './executor.ts';
import { bootstrapSecret, identityOf, jobManifest, labelValue, secretName } from './job-manifest.ts';
import type { JobProfile } from './job-manifest.ts';
import { statusOf } from './kubernetes-client.ts';
import type { Asked, KubernetesClient } from './kubernetes-client.ts';
import { paths } from './kubernetes-objects.ts';
import type { Job } from './kubernetes-objects.ts';

/** A quota is not waited for at the next tick. */
const QUOTA_RETRY_MS = 30_000;
const QUOTA_JITTER = 0.2;

export interface Launching {
  readonly client: KubernetesClient;
  readonly profile: JobProfile;
  readonly random: () => number;
  /** Whether we may make the namespace when it is missing. */
  readonly mayMakeNamespace: boolean;
}

export async function launchJob(
  launching: Launching,
  spec: AttemptSpec,
  signal: AbortSignal,
): Promise<{ readonly ref: string; readonly adopted: boolean }> {
  const { client, profile } = launching;
  const { namespace } = profile;
  const secret = bootstrapSecret(spec, profile);
  let made = await client.ask('POST', paths.secrets(namespace), { body: secret, signal });
  if (isMissing(made) && launching.mayMakeNamespace) {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
    await client.ask('POST', paths.namespaces, { body, signal });
    made = await client.ask('POST', paths.secrets(namespace), { body: secret, signal });
  }
  // The token is derived: a Secret of this name that is there is the same.
  if (!isDone(made) && !isTaken(made)) throw launchErrorOf(made, launching.random);
  const job = await client.ask('POST', paths.jobs(namespace), { body: jobManifest(spec, profile), signal });
  if (isTaken(job)) return { ref: await adopted(launching, spec, signal), adopted: true };
  if (!isDone(job)) throw launchErrorOf(job, launching.random);
  // A creation answers what it made.
  const ref = (job.body as Job).metadata.uid ?? '';
  await own(launching, spec.name, ref);
  return { ref, adopted: false };
}

type Answered = Extract<Asked, { kind: 'answered' }>;

function isDone(asked: Asked): asked is Answered {
  return asked.kind === 'answered' && asked.status >= 200 && asked.status < 300;
}

function isTaken(asked: Asked): boolean {
  return asked.kind === 'answered' && asked.status === 409 && statusOf(asked).reason === 'AlreadyExists';
}

function isMissing(asked: Asked): boolean {
  return asked.kind === 'answered' && asked.status === 404;
}

/** The Secret goes with the Job, should nobody else take it away. If this fails, the cleaner does it by name. */
async function own({ client, profile }: Launching, name: string, uid: string): Promise<void> {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid };
  await client.ask('PATCH', `${paths.secrets(profile.namespace)}/${secretName(name)}`, {
    body: { metadata: { ownerReferences: [owner] } },
    contentType: 'application/merge-patch+json',
  });
}

/** What has the name, if it is this attempt and stays. */
async function adopted({ client, profile }: Launching, spec: AttemptSpec, signal: AbortSignal): Promise<string> {
  const { name } = spec;
  const asked = await client.ask('GET', `${paths.jobs(profile.namespace)}/${name}`, { signal });
  if (isMissing(asked)) throw new LaunchError('gone', 'KUBERNETES_JOB_GONE', `the Job ${name} was there and is gone`);
  if (!isDone(asked)) {
    const { message = '' } = statusOf(asked);
    throw new LaunchError(
      'ambiguous',
      'KUBERNETES_UNANSWERED',
      `the Job ${name} is there, and not readable: ${message}`,
    );
  }
  // A GET answers the object.
  const job = asked.body as Job;
  const identity = identityOf(job);
  const isOurs =
    identity?.installationId === labelValue(spec.installationId) &&
    identity.runId === labelValue(spec.runId) &&
    identity.attemptNo === spec.attemptNo;
  if (!isOurs) {
    throw new LaunchError('clash', 'KUBERNETES_NAME_CLASH', `the Job ${name} belongs to somebody else`);
  }
  if (identity.fence !== spec.fence || identity.specHash !== spec.specHash) {
    const message = `the Job ${name} is of the fence ${identity.fence} instead of ${spec.fence}, or of another spec`;
    throw new LaunchError('clash', 'KUBERNETES_OTHER_FENCE', message);
  }
  if (job.metadata.deletionTimestamp !== undefined) {
    throw new LaunchError('gone', 'KUBERNETES_JOB_GONE', `the Job ${name} is being deleted`);
  }
  return job.metadata.uid ?? '';
}

export function launchErrorOf(asked: Asked, random: () => number): LaunchError {
  const { message = 'without a reason' } = statusOf(asked);
  if (asked.kind === 'unsent') return new LaunchError('unavailable', 'KUBERNETES_UNREACHABLE', message);
  if (asked.kind === 'unanswered') return new LaunchError('ambiguous', 'KUBERNETES_UNANSWERED', message);
  const { status, retryAfterMs } = asked;
  switch (status) {
    case 401:
      return new LaunchError('unavailable', 'KUBERNETES_UNAUTHORIZED', message);
    case 403:
      if (!/exceeded quota/.test(message)) return new LaunchError('unavailable', 'KUBERNETES_FORBIDDEN', message);
      return new LaunchError('throttled', 'KUBERNETES_QUOTA', message, jittered(QUOTA_RETRY_MS, random));
    case 404:
      return new LaunchError('refused', 'KUBERNETES_NAMESPACE_MISSING', message);
    // Not the name: two wrote the usage of one quota at once.
    case 409:
    case 429:
      return new LaunchError('throttled', 'KUBERNETES_BUSY', message, retryAfterMs);
    case 408:
      return new LaunchError('ambiguous', 'KUBERNETES_UNANSWERED', message, retryAfterMs);
    default:
      // A server that fails may have done it before.
      return status >= 400 && status < 500
        ? new LaunchError('refused', 'KUBERNETES_SPEC_INVALID', message)
        : new LaunchError('ambiguous', 'KUBERNETES_UNANSWERED', message, retryAfterMs);
  }
}

function jittered(ms: number, random: () => number): number {
  return Math.round(ms * (1 + (random() * 2 - 1) * QUOTA_JITTER));
}
