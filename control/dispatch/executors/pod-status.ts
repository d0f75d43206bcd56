/**
 * What a Job, its pods and their node say about an attempt. Pure; every kind of evidence that there is has its row in the
 * test beside. What cannot be told apart is left open, and what is guessed says so.
 */
import type { Observed, ObservedReason } from './executor.ts';
import { CONTAINER, identityOf, labels } from './job-manifest.ts';
import type { Condition, ContainerState, Job, KubeNode, Pod } from './kubernetes-objects.ts';

/** The exit code of a runner that was refused the claim: it never had any work. */
const CLAIM_REFUSED = 86;
/** Killed, by whomever. */
const KILLED = 137;

const imageReasons = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);
const launchConfigReasons = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']);
/** The container was made, and its program could not be started: exec format, a missing file. */
const neverRan = new Set(['StartError', 'ContainerCannotRun']);
/** Evictions that follow from the attempt's own limits, not from its neighbours. */
const ownLimit = /exceeds the (total )?limit|exceeded its local ephemeral storage limit/i;

export interface Evidence {
  readonly name: string;
  readonly job: Job | undefined;
  /** All pods of that Job. */
  readonly pods: readonly Pod[];
  /** By name; `absent` when it was asked for and is not there. */
  readonly nodes?: ReadonlyMap<string, KubeNode | 'absent'>;
  /** The process that claimed: when there are several, only its end counts. */
  readonly processUid?: string | undefined;
}

export function observedOf({ name, job, pods, nodes, processUid }: Evidence): Observed {
  const pod = podThatCounts(pods, processUid);
  const marked = job ?? pod;
  const isBeingDeleted = [job, pod].some((object) => object?.metadata.deletionTimestamp !== undefined);
  const shared = {
    name,
    ref: job?.metadata.uid ?? pod?.metadata.ownerReferences?.[0]?.uid ?? pod?.metadata.uid ?? '',
    identity: marked === undefined ? undefined : identityOf(marked),
    isBeingDeleted,
  };
  if (pod === undefined) return { ...shared, ...withoutPod(job) };
  const { nodeName } = pod.spec;
  const node = nodeName === undefined ? undefined : nodes?.get(nodeName);
  const others = pods.filter((other) => other !== pod).map(briefly);
  const seen = seenOf(pod, { isNodeLost: isLost(node), isStop: isBeingDeleted });
  return {
    ...shared,
    ...seen,
    ...(pod.metadata.uid === undefined ? {} : { processUid: pod.metadata.uid }),
    detail: {
      pod: pod.metadata.name,
      podPhase: pod.status?.phase ?? 'Unknown',
      ...(nodeName === undefined ? {} : { node: nodeName }),
      ...(node === undefined ? {} : { isNodeReady: !isLost(node) }),
      ...graceOf(pod),
      ...(others.length === 0 ? {} : { otherPods: others }),
      ...seen.detail,
    },
  };
}

/** Name of the attempt that an object belongs to. */
export function attemptNameOf({ metadata }: Job | Pod): string | undefined {
  return metadata.labels?.[labels.name];
}

type Seen = Pick<
  Observed,
  'phase' | 'reason' | 'exitCode' | 'signal' | 'terminationMessage' | 'startedAt' | 'endedAt' | 'detail'
>;

function podThatCounts(pods: readonly Pod[], processUid: string | undefined): Pod | undefined {
  const claimed = pods.find(({ metadata }) => metadata.uid === processUid);
  if (claimed !== undefined) return claimed;
  // One that was refused the claim says nothing about the attempt; else the first is the likely one.
  const rank = (pod: Pod): string =>
    `${stateOf(pod)?.terminated?.exitCode === CLAIM_REFUSED ? 1 : 0} ${pod.metadata.creationTimestamp ?? ''}`;
  return pods.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))[0];
}

/** No pod yet, or none any more: then only the Job's own word is left, which says nothing about a process. */
function withoutPod(job: Job | undefined): Seen {
  const ending = job?.status?.conditions?.find(
    ({ type, status }) => (type === 'Failed' || type === 'Complete') && status === 'True',
  );
  if (ending === undefined) return { phase: 'pending' };
  const detail = { job: ending.type, jobReason: ending.reason ?? '', isPodGone: true };
  return { phase: 'ended', ...(ending.reason === 'DeadlineExceeded' ? { reason: 'deadline' } : {}), detail };
}

interface Around {
  readonly isNodeLost: boolean;
  readonly isStop: boolean;
}

function seenOf(pod: Pod, around: Around): Seen {
  const state = stateOf(pod);
  const phase = pod.status?.phase;
  if (state?.terminated !== undefined) return terminated(pod, state.terminated, around);
  const disruption = conditionOf(pod, 'DisruptionTarget');
  const isOver = phase === 'Failed' || phase === 'Succeeded';
  if (state?.running !== undefined) {
    const startedAt = state.running.startedAt;
    const times = startedAt === undefined ? {} : { startedAt };
    // Somebody else than the kubelet says that it is over: the process may live on.
    if (isOver || around.isNodeLost || phase === 'Unknown') {
      return { phase: 'running', reason: 'node_lost', ...times, detail: disruptionDetail(disruption) };
    }
    return { phase: 'running', ...times, detail: disruptionDetail(disruption) };
  }
  if (isOver) return neverStarted(pod, disruption);
  if (around.isNodeLost && pod.spec.nodeName !== undefined) return { phase: 'pending', reason: 'node_lost' };
  return waiting(pod, state, disruption);
}

function terminated(pod: Pod, ended: NonNullable<ContainerState['terminated']>, around: Around): Seen {
  const { exitCode, signal, message, startedAt, finishedAt } = ended;
  const { reason, ...detail } = causeOf(pod, ended, around);
  return {
    phase: 'ended',
    reason,
    exitCode,
    ...(signal === undefined || signal === 0 ? {} : { signal: String(signal) }),
    ...(message === undefined || message === '' ? {} : { terminationMessage: message }),
    ...(startedAt === undefined || startedAt === null ? {} : { startedAt }),
    ...(finishedAt === undefined || finishedAt === null ? {} : { endedAt: finishedAt }),
    detail: { containerReason: ended.reason ?? '', ...detail },
  };
}

type Cause = { readonly reason: ObservedReason } & Readonly<Record<string, unknown>>;

function causeOf(pod: Pod, ended: NonNullable<ContainerState['terminated']>, { isStop }: Around): Cause {
  if (ended.reason === 'OOMKilled') return { reason: 'oom' };
  if (neverRan.has(ended.reason ?? '')) return { reason: 'launch_config', message: ended.message ?? '' };
  // It ended by itself: what befell the pod at the same time was not why.
  if (ended.exitCode === 0) return { reason: 'exited' };
  const fromOutside = outsideCause(pod);
  if (fromOutside !== undefined) return fromOutside;
  // Nobody stopped it, nobody disturbed it, and yet it was killed: most likely for its memory.
  if (ended.exitCode === KILLED && !isStop) return { reason: 'oom', isGuess: true };
  return { reason: 'exited' };
}

function outsideCause(pod: Pod): Cause | undefined {
  const { reason, message = '' } = pod.status ?? {};
  if (reason === 'DeadlineExceeded') return { reason: 'deadline' };
  const disruption = conditionOf(pod, 'DisruptionTarget');
  const said = [message, disruption?.message ?? ''].find((text) => text !== '') ?? '';
  if (disruption?.reason === 'TerminationByKubelet' || (disruption === undefined && reason === 'Evicted')) {
    return { reason: 'evicted', message: said, isOwnLimit: ownLimit.test(said) };
  }
  if (disruption !== undefined) return { reason: 'disrupted', ...disruptionDetail(disruption) };
  return reason === 'NodeLost' ? { reason: 'node_lost' } : undefined;
}

/** The pod is over and its container never ran: refused by its node, or ended before. */
function neverStarted(pod: Pod, disruption: Condition | undefined): Seen {
  const cause = outsideCause(pod) ?? (disruption === undefined ? undefined : { reason: 'disrupted' as const });
  if (cause === undefined) {
    const { reason = '', message = '' } = pod.status ?? {};
    // Such as OutOfcpu or NodeAffinity: the scheduler was wrong, another try goes elsewhere.
    return { phase: 'ended', reason: 'disrupted', detail: { podReason: reason, message, hasNeverStarted: true } };
  }
  const { reason, ...detail } = cause;
  return { phase: 'ended', reason, detail: { ...detail, hasNeverStarted: true } };
}

function waiting(pod: Pod, state: ContainerState | undefined, disruption: Condition | undefined): Seen {
  const { reason: waits = '', message = '' } = state?.waiting ?? {};
  const detail = { ...(waits === '' ? {} : { waiting: waits, message }), ...disruptionDetail(disruption) };
  if (imageReasons.has(waits)) {
    // The node pulls too much at once: nothing is wrong with the image.
    if (/pull QPS exceeded/i.test(message)) return { phase: 'pending', detail };
    return { phase: 'pending', reason: 'image', detail: { ...detail, isNameInvalid: waits === 'InvalidImageName' } };
  }
  if (launchConfigReasons.has(waits)) return { phase: 'pending', reason: 'launch_config', detail };
  const scheduled = conditionOf(pod, 'PodScheduled', 'False');
  if (scheduled?.reason !== 'Unschedulable') return { phase: 'pending', detail };
  return { phase: 'pending', reason: 'unschedulable', detail: { ...detail, message: scheduled.message ?? '' } };
}

function stateOf(pod: Pod): ContainerState | undefined {
  const statuses = pod.status?.containerStatuses ?? [];
  return (statuses.find(({ name }) => name === CONTAINER) ?? statuses[0])?.state;
}

function conditionOf(pod: Pod, type: string, status = 'True'): Condition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type && condition.status === status);
}

function disruptionDetail(condition: Condition | undefined): Readonly<Record<string, unknown>> {
  return condition === undefined ? {} : { disruption: condition.reason ?? '' };
}

function isLost(node: KubeNode | 'absent' | undefined): boolean {
  if (node === undefined) return false;
  if (node === 'absent') return true;
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  return ready !== undefined && ready.status !== 'True';
}

/** An orderly end is one with a grace, on a node that is there: then the object goes only after its process. */
function graceOf({ metadata }: Pod): Readonly<Record<string, unknown>> {
  if (metadata.deletionTimestamp === undefined) return {};
  return { deletionGraceS: metadata.deletionGracePeriodSeconds ?? 0 };
}

function briefly(pod: Pod): object {
  const state = stateOf(pod);
  return {
    processUid: pod.metadata.uid,
    podPhase: pod.status?.phase,
    ...(state?.terminated === undefined ? {} : { exitCode: state.terminated.exitCode }),
  };
}
