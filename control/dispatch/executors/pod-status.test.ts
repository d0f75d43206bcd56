import { describe, expect, it } from 'vitest';
import type { Observed } from './executor.ts';
import type { ContainerState, Job, KubeNode, Pod, PodStatus } from './kubernetes-objects.ts';
import { observedOf } from './pod-status.ts';

const marks = { 'ropeway.dev/installation': 'i', 'ropeway.dev/run': 'r', 'ropeway.dev/attempt': '1' };
const notes = { 'ropeway.dev/fence': '7', 'ropeway.dev/spec-hash': 'h' };
const name = 'r-r-a1';

function jobWith(
  changes: { conditions?: NonNullable<Job['status']>['conditions']; deletionTimestamp?: string } = {},
): Job {
  const { conditions, deletionTimestamp } = changes;
  const metadata = { name, uid: 'job-1', labels: marks, annotations: notes };
  return {
    metadata: { ...metadata, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) },
    // Nobody looks at it here.
    spec: {} as Job['spec'],
    status: conditions === undefined ? {} : { conditions },
  };
}

function podWith(status: PodStatus, changes: Partial<Pod['metadata']> = {}, node = 'n1'): Pod {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid: 'job-1' };
  const metadata = { name: `${name}-x`, uid: 'pod-1', labels: marks, annotations: notes, ownerReferences: [owner] };
  return {
    metadata: { ...metadata, creationTimestamp: '2026-01-01T00:00:00Z', ...changes },
    spec: { containers: [{ name: 'runner' }], ...(node === '' ? {} : { nodeName: node }) },
    status,
  };
}

const inState = (state: ContainerState): PodStatus => ({ containerStatuses: [{ name: 'runner', state }] });
const running = inState({ running: { startedAt: '2026-01-01T00:00:05Z' } });
const waits = (reason: string, message = ''): PodStatus => ({
  phase: 'Pending',
  ...inState({ waiting: { reason, message } }),
});
const ended = (exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error', message?: string): PodStatus => ({
  phase: exitCode === 0 ? 'Succeeded' : 'Failed',
  ...inState({ terminated: { exitCode, reason, ...(message === undefined ? {} : { message }) } }),
});
const disruption = (reason: string, message = ''): PodStatus => ({
  conditions: [{ type: 'DisruptionTarget', status: 'True', reason, message }],
});
const nodeThat = (ready: string): KubeNode => ({
  metadata: { name: 'n1' },
  status: { conditions: [{ type: 'Ready', status: ready }] },
});

interface Row {
  readonly title: string;
  readonly status?: PodStatus;
  readonly pod?: Partial<Pod['metadata']>;
  readonly onNode?: string;
  readonly node?: KubeNode | 'absent';
  readonly job?: Job | 'absent';
  readonly seen: { readonly [K in keyof Observed]?: Observed[K] | undefined };
}

const disruptionReasons = [
  'PreemptionByScheduler',
  'EvictionByEvictionAPI',
  'DeletionByTaintManager',
  'DeletionByPodGC',
] as const;

const rows: readonly Row[] = [
  { title: 'no pod yet', seen: { phase: 'pending' } },
  { title: 'a pod without a node', status: { phase: 'Pending' }, onNode: '', seen: { phase: 'pending' } },
  { title: 'a container being made', status: waits('ContainerCreating'), seen: { phase: 'pending' } },
  {
    title: 'running',
    status: { phase: 'Running', ...running },
    node: nodeThat('True'),
    seen: { phase: 'running', startedAt: '2026-01-01T00:00:05Z', processUid: 'pod-1' },
  },
  // JOB: exit codes by themselves, with the last word of the runner.
  ...[0, 1, 63, 75, 86, 87, 88].map((exitCode) => ({
    title: `exit code ${exitCode}`,
    status: ended(exitCode, undefined, '{"outcome":1}'),
    seen: { phase: 'ended', reason: 'exited', exitCode, terminationMessage: '{"outcome":1}' } as const,
  })),
  {
    title: 'SIGTERM after a stop',
    status: ended(143),
    job: jobWith({ deletionTimestamp: 'x' }),
    seen: { phase: 'ended', reason: 'exited', exitCode: 143, signal: 'SIGTERM', isBeingDeleted: true },
  },
  {
    title: 'SIGKILL after a stop: no guess',
    status: ended(137),
    pod: { deletionTimestamp: 'x', deletionGracePeriodSeconds: 60 },
    seen: { phase: 'ended', reason: 'exited', exitCode: 137, signal: 'SIGKILL', isBeingDeleted: true },
  },
  // INFRA_DISRUPTED
  ...disruptionReasons.map((reason) => ({
    title: `${reason}, ended`,
    status: { ...ended(143), ...disruption(reason) },
    seen: { phase: 'ended', reason: 'disrupted', exitCode: 143, detail: { disruption: reason } } as const,
  })),
  {
    title: 'a disruption whose process ended well all the same',
    status: { ...ended(0), ...disruption('EvictionByEvictionAPI') },
    seen: { phase: 'ended', reason: 'exited', exitCode: 0 },
  },
  {
    title: 'a disruption that is still going on',
    status: { phase: 'Running', ...running, ...disruption('PreemptionByScheduler') },
    pod: { deletionTimestamp: 'x', deletionGracePeriodSeconds: 60 },
    node: nodeThat('True'),
    seen: {
      phase: 'running',
      isBeingDeleted: true,
      detail: { disruption: 'PreemptionByScheduler', deletionGraceS: 60, isNodeReady: true },
    },
  },
  {
    title: 'disrupted before it ran',
    status: { phase: 'Failed', ...disruption('PreemptionByScheduler') },
    seen: { phase: 'ended', reason: 'disrupted', detail: { hasNeverStarted: true } },
  },
  {
    title: 'refused by its node',
    status: { phase: 'Failed', reason: 'OutOfcpu', message: 'Node has no room' },
    seen: { phase: 'ended', reason: 'disrupted', detail: { podReason: 'OutOfcpu', hasNeverStarted: true } },
  },
  // INFRA_EVICTED, and RESOURCE when our own limit was why.
  {
    title: 'evicted for the memory of its node',
    status: { ...ended(137), ...disruption('TerminationByKubelet', 'The node was low on resource: memory.') },
    seen: { phase: 'ended', reason: 'evicted', detail: { isOwnLimit: false } },
  },
  {
    title: 'evicted because its node shuts down',
    status: { ...ended(143), ...disruption('TerminationByKubelet', 'Pod was terminated in response to node shutdown') },
    seen: { phase: 'ended', reason: 'evicted', detail: { isOwnLimit: false } },
  },
  ...[
    'Pod ephemeral local storage usage exceeds the total limit of containers 2Gi. ',
    'Container runner exceeded its local ephemeral storage limit "2Gi". ',
    'Usage of EmptyDir volume "scratch" exceeds the limit "2Gi". ',
  ].map((message) => ({
    title: `evicted: ${message}`,
    status: { ...ended(137), reason: 'Evicted', message },
    seen: { phase: 'ended', reason: 'evicted', detail: { isOwnLimit: true, message } } as const,
  })),
  // RESOURCE_OOM
  { title: 'OOMKilled', status: ended(137, 'OOMKilled'), seen: { phase: 'ended', reason: 'oom', exitCode: 137 } },
  {
    title: 'OOMKilled during a disruption',
    status: { ...ended(137, 'OOMKilled'), ...disruption('EvictionByEvictionAPI') },
    seen: { phase: 'ended', reason: 'oom' },
  },
  {
    title: 'killed without a stop and without a disruption: a guess that says so',
    status: ended(137),
    seen: { phase: 'ended', reason: 'exited', exitCode: 137, detail: { isProbablyOom: true } },
  },
  // NODE_LOST: nobody has seen the process end.
  ...(['Unknown', 'False'] as const).map((ready) => ({
    title: `running on a node whose Ready is ${ready}`,
    status: { phase: 'Running', ...running },
    node: nodeThat(ready),
    seen: { phase: 'running', reason: 'node_lost', detail: { isNodeReady: false } } as const,
  })),
  {
    title: 'running on a node that is gone',
    status: { phase: 'Running', ...running },
    node: 'absent',
    seen: { phase: 'running', reason: 'node_lost' },
  },
  {
    title: 'failed by the word of the pod collector while its container was running',
    status: { phase: 'Failed', ...running, ...disruption('DeletionByPodGC') },
    seen: { phase: 'running', reason: 'node_lost', detail: { disruption: 'DeletionByPodGC' } },
  },
  {
    title: 'of unknown phase',
    status: { phase: 'Unknown', ...running },
    seen: { phase: 'running', reason: 'node_lost' },
  },
  {
    title: 'waiting on a node that is lost',
    status: waits('ContainerCreating'),
    node: nodeThat('Unknown'),
    seen: { phase: 'pending', reason: 'node_lost' },
  },
  {
    title: 'a container that nobody finds any more: ended, and its exit code is made up',
    status: ended(137, 'ContainerStatusUnknown'),
    seen: { phase: 'ended', reason: 'node_lost', exitCode: undefined },
  },
  {
    title: 'a Job that failed, whose pod is gone',
    job: jobWith({ conditions: [{ type: 'Failed', status: 'True', reason: 'PodFailurePolicy' }] }),
    seen: { phase: 'running', reason: 'node_lost', detail: { isPodGone: true, jobReason: 'PodFailurePolicy' } },
  },
  {
    title: 'a Job that is complete, whose pod is gone',
    job: jobWith({ conditions: [{ type: 'Complete', status: 'True' }] }),
    seen: { phase: 'ended', reason: 'exited', exitCode: 0, detail: { isPodGone: true } },
  },
  // IMAGE
  ...['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'ImageInspectError'].map((reason) => ({
    title: reason,
    status: waits(reason, 'manifest unknown'),
    seen: { phase: 'pending', reason: 'image', detail: { waiting: reason, isNameInvalid: false } } as const,
  })),
  {
    title: 'InvalidImageName',
    status: waits('InvalidImageName'),
    seen: { phase: 'pending', reason: 'image', detail: { isNameInvalid: true } },
  },
  {
    title: 'a node that pulls too much at once: nothing is wrong with the image',
    status: waits('ErrImagePull', 'pull QPS exceeded'),
    seen: { phase: 'pending', reason: undefined },
  },
  // LAUNCH_CONFIG
  ...['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'].map((reason) => ({
    title: reason,
    status: waits(reason, 'secret "x" not found'),
    seen: { phase: 'pending', reason: 'launch_config', detail: { message: 'secret "x" not found' } } as const,
  })),
  ...['StartError', 'ContainerCannotRun'].map((reason) => ({
    title: `${reason}: exec format error`,
    status: ended(128, reason, 'exec /usr/bin/ropeway: exec format error'),
    seen: { phase: 'ended', reason: 'launch_config', exitCode: 128 } as const,
  })),
  // UNSCHEDULABLE
  {
    title: 'unschedulable',
    status: {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' }],
    },
    onNode: '',
    seen: { phase: 'pending', reason: 'unschedulable', detail: { message: '0/3 nodes' } },
  },
  // DEADLINE
  {
    title: 'the deadline of the pod',
    status: { ...ended(143), reason: 'DeadlineExceeded' },
    seen: { phase: 'ended', reason: 'deadline', exitCode: 143 },
  },
  {
    title: 'the deadline of the pod before it ran',
    status: { phase: 'Failed', reason: 'DeadlineExceeded' },
    seen: { phase: 'ended', reason: 'deadline' },
  },
  {
    title: 'the deadline of the Job',
    job: jobWith({ conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' }] }),
    seen: { phase: 'ended', reason: 'deadline' },
  },
  {
    title: 'a pod whose Job is gone',
    job: 'absent',
    status: { phase: 'Running', ...running },
    seen: { phase: 'running', ref: 'job-1', processUid: 'pod-1' },
  },
];

describe('observedOf()', () => {
  it.each(rows)('$title', ({ status, pod, onNode, node, job = jobWith(), seen }) => {
    const observed = observedOf({
      name,
      job: job === 'absent' ? undefined : job,
      pods: status === undefined ? [] : [podWith(status, pod, onNode)],
      nodes: new Map(node === undefined ? [] : [['n1', node]]),
    });
    const { detail, ...rest } = seen;
    const told = { reason: undefined, exitCode: undefined, ...observed };
    expect(told).toMatchObject({ name, ref: 'job-1', reason: undefined, ...rest });
    if (detail !== undefined) expect(observed.detail).toMatchObject(detail);
    expect(observed.identity).toMatchObject({ runId: 'r', fence: '7' });
  });

  it('says nothing about an identity that is not there', () => {
    const foreign = { ...jobWith(), metadata: { name, uid: 'job-1' } };
    expect(observedOf({ name, job: foreign, pods: [] }).identity).toBeUndefined();
  });

  describe('of several pods', () => {
    const first = podWith({ phase: 'Running', ...running }, { uid: 'first' });
    const second = podWith(ended(0), { uid: 'second', creationTimestamp: '2026-01-01T00:01:00Z' });
    const refused = podWith(ended(86), { uid: 'refused', creationTimestamp: '2025-12-31T00:00:00Z' });

    it.each([
      ['the one that claimed, though another has ended well', [second, first], 'first', 'first', 'running'],
      ['the one that claimed, though it came later', [first, second], 'second', 'second', 'ended'],
      ['the first, when nobody is known to have claimed', [second, first], undefined, 'first', 'running'],
      ['one that was not refused the claim', [refused, second], undefined, 'second', 'ended'],
      ['the first of those that are left, when the one that claimed is gone', [second], 'first', 'second', 'ended'],
    ] as const)('takes %s', (_, pods, processUid, uid, phase) => {
      const observed = observedOf({ name, job: jobWith(), pods, processUid });
      expect(observed).toMatchObject({ processUid: uid, phase });
      if (pods.length === 2) expect(observed.detail?.['otherPods']).toHaveLength(1);
    });
  });
});
