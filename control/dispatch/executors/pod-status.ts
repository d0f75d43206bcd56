/**
 * What a Job, its pods and their node say about an attempt. Pure; every kind of evidence that there is has its row in
 * the test beside. What cannot be told apart is left open, and what is guessed says so.
 */
import type { Observed, ObservedReason } from './executor.ts';
import { CONTAINER, identityOf, labels } from './job-manifest.ts';
import type { Condition, ContainerState, Job, KubeNode, Pod } from './kubernetes-objects.ts';

/** The exit code of a runner that was refused the claim: it never had any work. */
const CLAIM_REFUSED = 86;
/** Killed, by whomever. */
const KILLED = 137;
/** As a runtime tells the end by a signal. */
const signals: Readonly<Record<number, string>> = { [KILLED]: 'SIGKILL', 143: 'SIGTERM' };
/** The kubelet came back and found no container: how it ended nobody knows, and the exit code is made up. */
const UNKNOWN_END = 'ContainerStatusUnknown';

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

export function observedOf(evidence: Evidence): Observed {
  const { name, job, pods, processUid } = evidence;
  const pod = podThatCounts(pods, processUid);
  const marked = job ?? pod;
  const isBeingDeleted = [job, pod].some((object) => object?.metadata.deletionTimestamp !== undefined);
  const shared = {
    name,
    ref: job?.metadata.uid ?? pod?.metadata.ownerReferences?.[0]?.uid ?? '',
    identity: marked === undefined ? undefined : identityOf(marked),
    isBeingDeleted,
  };
  if (pod === undefined) return { ...shared, ...withoutPod(job) };
  const seen = seenOf(pod, { isNodeLost: isLost(nodeOf(evidence, pod)), isStop: isBeingDeleted || job === undefined });
  return {
    ...shared,
    ...seen,
    ...(pod.metadata.uid === undefined ? {} : { processUid: pod.metadata.uid }),
    detail: { ...placeOf(evidence, pod), ...seen.detail },
  };
}

function nodeOf({ nodes }: Evidence, { spec }: Pod): KubeNode | 'absent' | undefined {
  return spec.nodeName === undefined ? undefined : nodes?.get(spec.nodeName);
}

function placeOf(evidence: Evidence, pod: Pod): Readonly<Record<string, unknown>> {
  const { nodeName } = pod.spec;
  const node = nodeOf(evidence, pod);
  const others = evidence.pods.filter((other) => other !== pod).map(briefly);
  return {
    pod: pod.metadata.name,
    podPhase: pod.status?.phase ?? 'Unknown',
    ...(nodeName === undefined ? {} : { node: nodeName }),
    ...(node === undefined ? {} : { isNodeReady: !isLost(node) }),
    ...graceOf(pod),
    ...(others.length === 0 ? {} : { otherPods: others }),
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

/**
 * No pod yet, or none any more. A Job completes only by the word of the kubelet. It fails also when its pod was taken
 * away by somebody else: then nobody has seen the process end, and it may live on.
 */
function withoutPod(job: Job | undefined): Seen {
  const ending = job?.status?.conditions?.find(
    ({ type, status }) => (type === 'Failed' || type === 'Complete') && status === 'True',
  );
  if (ending === undefined) return { phase: 'pending' };
  const detail = { job: ending.type, jobReason: ending.reason ?? '', isPodGone: true };
  if (ending.type === 'Complete') return { phase: 'ended', reason: 'exited', exitCode: 0, detail };
  if (ending.reason === 'DeadlineExceeded') return { phase: 'ended', reason: 'deadline', detail };
  return { phase: 'running', reason: 'node_lost', detail };
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

type Terminated = NonNullable<ContainerState['terminated']>;

function terminated(pod: Pod, ended: Terminated, around: Around): Seen {
  const { reason, ...detail } = causeOf(pod, ended, around);
  return { phase: 'ended', reason, ...wordsOf(ended), detail: { containerReason: ended.reason ?? '', ...detail } };
}

function wordsOf({ exitCode, message, startedAt, finishedAt, reason }: Terminated): Partial<Seen> {
  // Nobody was there: what it says is the kubelet's own.
  if (reason === UNKNOWN_END) return {};
  const signal = signals[exitCode];
  return {
    exitCode,
    ...(signal === undefined ? {} : { signal }),
    ...(message === undefined || message === '' ? {} : { terminationMessage: message }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { endedAt: finishedAt }),
  };
}

type Cause = { readonly reason: ObservedReason } & Readonly<Record<string, unknown>>;

function causeOf(pod: Pod, ended: Terminated, { isStop }: Around): Cause {
  if (ended.reason === 'OOMKilled') return { reason: 'oom' };
  if (ended.reason === UNKNOWN_END) return outsideCause(pod) ?? { reason: 'node_lost' };
  if (neverRan.has(ended.reason ?? '')) return { reason: 'launch_config', message: ended.message ?? '' };
  // It ended by itself: what befell the pod at the same time was not why.
  if (ended.exitCode === 0) return { reason: 'exited' };
  const fromOutside = outsideCause(pod);
  if (fromOutside !== undefined) return fromOutside;
  // Nobody stopped it, nobody disturbed it, and yet it was killed: most likely for its memory.
  return ended.exitCode === KILLED && !isStop ? { reason: 'exited', isProbablyOom: true } : { reason: 'exited' };
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
