import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AttemptSpec } from './executor.ts';
import { bootstrapSecret, identityOf, jobManifest, labelValue } from './job-manifest.ts';
import type { JobProfile } from './job-manifest.ts';

const spec: AttemptSpec = {
  name: 'r-01jdq9w3k5v8x2c4b6n7m0p1qr-a2',
  installationId: '01jdq9w3k5v8x2c4b6n7m0inst',
  runId: '01jdq9w3k5v8x2c4b6n7m0p1qr',
  attemptNo: 2,
  fence: '9007199254740993',
  specHash: 'c0ffee',
  manifest: {
    controlUrl: 'https://ropeway.example.com',
    protocol: 1,
    release: `sha256:${'ab'.repeat(32)}`,
    cpuMillis: 1500,
    memoryMb: 2048,
    runTimeoutS: 43_200,
    graceS: 60,
    lane: 'batch',
    workspaceHash: 'f00d',
  },
  bootstrapToken: 'canary-token',
};

const profile: JobProfile = {
  namespace: 'ropeway-shared',
  imageRepository: 'registry.example.com/ropeway',
  serviceAccount: 'ropeway-runner',
  scratchMb: 2048,
  userId: 10_001,
  pendingS: 1_800,
  hasCpuLimit: false,
  priorityClasses: { batch: 'run-batch', interactive: 'run-interactive' },
  runtimeClass: 'gvisor',
  nodeSelector: { pool: 'runs' },
};

describe('jobManifest()', () => {
  it('makes what is written down beside this test', () => {
    const golden: unknown = JSON.parse(readFileSync(new URL('job-manifest.golden.json', import.meta.url), 'utf8'));
    expect({ secret: bootstrapSecret(spec, profile), job: jobManifest(spec, profile) }).toEqual(golden);
  });

  it('makes the same bytes each time, whatever the order of the fields was', () => {
    const backwards = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).reverse()) as T; // The same fields.
    const other = { ...backwards(spec), manifest: backwards(spec.manifest) };
    expect(JSON.stringify(jobManifest(other, backwards(profile)))).toBe(JSON.stringify(jobManifest(spec, profile)));
  });

  it('has no secret in the Job', () => {
    expect(JSON.stringify(jobManifest(spec, profile))).not.toContain('canary');
  });

  it('leaves the Job more time than the pod, and the pod more than the run and its grace', () => {
    const job = jobManifest(spec, profile).spec;
    expect(job.template.spec.activeDeadlineSeconds).toBe(43_200 + 60 + 300);
    expect(job.activeDeadlineSeconds).toBeGreaterThan(1_800 + (job.template.spec.activeDeadlineSeconds ?? 0));
  });

  it('takes a release that is a tag for a tag, and the interactive lane for its class', () => {
    const manifest = { ...spec.manifest, release: '1.4.0', lane: 'interactive' };
    const { template } = jobManifest({ ...spec, manifest }, { ...profile, hasCpuLimit: true }).spec;
    expect(template.spec.containers[0]).toMatchObject({
      image: 'registry.example.com/ropeway:1.4.0',
      resources: { limits: { cpu: '1500m' } },
    });
    expect(template.spec['priorityClassName']).toBe('run-interactive');
  });
});

describe('identityOf()', () => {
  it('gives back what an attempt was launched as, from the Job and from its pod', () => {
    const job = jobManifest(spec, profile);
    const { installationId, runId, attemptNo, fence, specHash } = spec;
    const identity = { installationId, runId, attemptNo, fence, specHash };
    expect(identityOf(job)).toEqual(identity);
    expect(identityOf({ metadata: { name: 'x', ...job.spec.template.metadata } })).toEqual(identity);
  });

  it.each(['ropeway.dev/installation', 'ropeway.dev/run', 'ropeway.dev/attempt'])('needs the label %s', (label) => {
    const job = jobManifest(spec, profile);
    delete job.metadata.labels?.[label];
    expect(identityOf(job)).toBeUndefined();
  });
});

describe('labelValue()', () => {
  it.each([
    ['1.4.0', '1.4.0'],
    ['a', 'a'],
    ['x'.repeat(63), 'x'.repeat(63)],
  ])('keeps %s', (text, value) => expect(labelValue(text)).toBe(value));

  it.each(['', 'x'.repeat(64), 'sha256:abc', '-a', 'a-', 'Kunde GmbH', 'é'])('makes a hash of "%s"', (text) => {
    expect(labelValue(text)).toMatch(/^[0-9a-f]{40}$/);
    expect(labelValue(text)).toBe(labelValue(text));
  });
});
