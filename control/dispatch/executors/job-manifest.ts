/**
 * What is created for an attempt: a Secret with its bootstrap token, and a Job. Both follow from the attempt and the
 * profile of the cluster alone, so that whoever repeats a launch makes the same. No secret and nothing of a customer is
 * in the Job: many may read it, and it lies in audit logs.
 */
import { createHash } from 'node:crypto';
import type { AttemptIdentity, AttemptSpec } from './executor.ts';
import type { Job, KubeObject } from './kubernetes-objects.ts';

export const labels = {
  installation: 'ropeway.dev/installation',
  run: 'ropeway.dev/run',
  attempt: 'ropeway.dev/attempt',
  name: 'ropeway.dev/attempt-name',
  workspace: 'ropeway.dev/workspace',
  release: 'ropeway.dev/release',
  lane: 'ropeway.dev/lane',
} as const;

export const annotations = { fence: 'ropeway.dev/fence', specHash: 'ropeway.dev/spec-hash' } as const;

export const CONTAINER = 'runner';

/** Where the container finds its token; a file, for arguments and environment are read by many. */
const BOOTSTRAP_FOLDER = '/run/ropeway';
const SCRATCH_FOLDER = '/work';

/** Pod and Job end by themselves in the end, if nobody else ends them: so long after the runner should have. */
const POD_MARGIN_S = 300;
const JOB_MARGIN_S = 1_800;
/** Longer than the longest outage of ours that loses nothing: the Job is evidence. */
const FINISHED_TTL_S = 86_400;
/** A control plane that is away for five minutes must not cost every pod, as the default would. */
const NODE_LOST_S = 900;

/** How attempts look on one cluster; the same for all of them. */
export interface JobProfile {
  readonly namespace: string;
  /** Without tag and digest: those are the release's. */
  readonly imageRepository: string;
  readonly serviceAccount: string;
  readonly scratchMb: number;
  /** Of user and group in the container: one per isolation class. */
  readonly userId: number;
  /** How long a pod may wait for its start, as part of the Job's own deadline. */
  readonly pendingS: number;
  readonly hasCpuLimit: boolean;
  readonly priorityClasses?: { readonly batch: string; readonly interactive: string };
  readonly runtimeClass?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
}

export function secretName(attemptName: string): string {
  return `${attemptName}-b`;
}

export function bootstrapSecret(spec: AttemptSpec, profile: JobProfile): object {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secretName(spec.name), namespace: profile.namespace, labels: labelsOf(spec) },
    type: 'Opaque',
    immutable: true,
    stringData: { token: spec.bootstrapToken },
  };
}

export function jobManifest(spec: AttemptSpec, profile: JobProfile): Job {
  const { runTimeoutS, graceS } = spec.manifest;
  const identity = { [annotations.fence]: spec.fence, [annotations.specHash]: spec.specHash };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: spec.name, namespace: profile.namespace, labels: labelsOf(spec), annotations: identity },
    spec: {
      parallelism: 1,
      completions: 1,
      completionMode: 'NonIndexed',
      backoffLimit: 0,
      podReplacementPolicy: 'Failed',
      // The controller must not start a second pod by itself, whatever happened to the first.
      podFailurePolicy: {
        rules: [
          { action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          { action: 'FailJob', onExitCodes: { containerName: CONTAINER, operator: 'NotIn', values: [0] } },
        ],
      },
      suspend: false,
      ttlSecondsAfterFinished: FINISHED_TTL_S,
      // Counts from the creation, waiting included: never the timeout of the run.
      activeDeadlineSeconds: profile.pendingS + runTimeoutS + graceS + JOB_MARGIN_S,
      template: {
        metadata: {
          labels: labelsOf(spec),
          annotations: {
            ...identity,
            'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
            'karpenter.sh/do-not-disrupt': 'true',
          },
        },
        spec: podSpec(spec, profile),
      },
    },
  };
}

function podSpec(spec: AttemptSpec, profile: JobProfile): Job['spec']['template']['spec'] {
  const { runTimeoutS, graceS, lane } = spec.manifest;
  const { userId, runtimeClass, nodeSelector, priorityClasses } = profile;
  return {
    restartPolicy: 'Never',
    activeDeadlineSeconds: runTimeoutS + graceS + POD_MARGIN_S,
    terminationGracePeriodSeconds: graceS,
    serviceAccountName: profile.serviceAccount,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    hostNetwork: false,
    hostPID: false,
    hostIPC: false,
    dnsConfig: { options: [{ name: 'ndots', value: '1' }] },
    securityContext: {
      runAsNonRoot: true,
      runAsUser: userId,
      runAsGroup: userId,
      fsGroup: userId,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    tolerations: ['not-ready', 'unreachable'].map((taint) => ({
      key: `node.kubernetes.io/${taint}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: NODE_LOST_S,
    })),
    ...(priorityClasses && {
      priorityClassName: lane === 'interactive' ? priorityClasses.interactive : priorityClasses.batch,
    }),
    ...(runtimeClass !== undefined && { runtimeClassName: runtimeClass }),
    ...(nodeSelector && { nodeSelector }),
    containers: [container(spec, profile)],
    volumes: [
      { name: 'scratch', emptyDir: { sizeLimit: `${profile.scratchMb}Mi` } },
      { name: 'bootstrap', secret: { secretName: secretName(spec.name), defaultMode: 0o400 } },
    ],
  };
}

function container(spec: AttemptSpec, profile: JobProfile): { name: string; [field: string]: unknown } {
  const { controlUrl, protocol, release, cpuMillis, memoryMb, graceS } = spec.manifest;
  const memory = `${memoryMb}Mi`;
  const scratch = `${profile.scratchMb}Mi`;
  const cpu = `${cpuMillis}m`;
  const env = {
    ROPEWAY_RUN_ID: spec.runId,
    ROPEWAY_ATTEMPT_NO: String(spec.attemptNo),
    ROPEWAY_FENCE: spec.fence,
    ROPEWAY_CONTROL_URL: controlUrl,
    ROPEWAY_RUNNER_PROTOCOL: String(protocol),
    ROPEWAY_GRACE_S: String(graceS),
    ROPEWAY_BOOTSTRAP_FILE: `${BOOTSTRAP_FOLDER}/token`,
    ROPEWAY_TERMINATION_FILE: '/dev/termination-log',
    // The rest of the file system cannot be written to.
    TMPDIR: SCRATCH_FOLDER,
    HOME: SCRATCH_FOLDER,
  };
  return {
    name: CONTAINER,
    image: `${profile.imageRepository}${release.startsWith('sha256:') ? '@' : ':'}${release}`,
    imagePullPolicy: 'IfNotPresent',
    workingDir: SCRATCH_FOLDER,
    args: ['runner'],
    env: [
      ...Object.entries(env).map(([name, value]) => ({ name, value })),
      { name: 'ROPEWAY_PROCESS_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
    ],
    resources: {
      requests: { cpu, memory, 'ephemeral-storage': scratch },
      // Memory that is promised twice turns one customer's peak into another's end.
      limits: { ...(profile.hasCpuLimit && { cpu }), memory, 'ephemeral-storage': scratch },
    },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      privileged: false,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'scratch', mountPath: SCRATCH_FOLDER },
      { name: 'bootstrap', mountPath: BOOTSTRAP_FOLDER, readOnly: true },
    ],
  };
}

function labelsOf({ installationId, runId, attemptNo, name, manifest }: AttemptSpec): Record<string, string> {
  return {
    [labels.installation]: labelValue(installationId),
    [labels.run]: labelValue(runId),
    [labels.attempt]: String(attemptNo),
    [labels.name]: name,
    [labels.workspace]: labelValue(manifest.workspaceHash),
    [labels.release]: labelValue(manifest.release),
    [labels.lane]: labelValue(manifest.lane),
  };
}

/** As a label takes it; what does not fit as it is goes in as its hash. */
export function labelValue(text: string): string {
  if (/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(text)) return text;
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}

/** Undefined when the object is none of ours. */
export function identityOf({ metadata }: KubeObject): AttemptIdentity | undefined {
  const { labels: marks = {}, annotations: notes = {} } = metadata;
  const installationId = marks[labels.installation];
  const runId = marks[labels.run];
  const attemptNo = Number(marks[labels.attempt] ?? Number.NaN);
  const fence = notes[annotations.fence];
  const specHash = notes[annotations.specHash];
  if (installationId === undefined || runId === undefined || fence === undefined || specHash === undefined) {
    return undefined;
  }
  return Number.isInteger(attemptNo) ? { installationId, runId, attemptNo, fence, specHash } : undefined;
}
