/** What failed, and whether it is tried again: the one place that decides it, from evidence alone. */
import type { FailureReport } from '#api/runner.ts';
import { exitCodes } from '#api/runner.ts';
import type { Observed } from '#control/dispatch/executors/executor.ts';
import type { Failure } from './transitions.ts';

type Doubt = Pick<Failure, 'doubt'>;

function doubtOf(isClaimed: boolean): Doubt {
  return isClaimed ? { doubt: 'silent' } : {};
}

/** What the execution itself says. */
export function reportedFailure(report: FailureReport): Failure {
  const told = { code: report.code, message: report.message, hint: report.hint, where: report.where };
  switch (report.class) {
    case 'user':
      return { ...told, class: 'JOB', retry: 'none' };
    case 'transient':
      return { ...told, class: 'JOB', retry: 'job' };
    case 'resource_oom':
      return { ...told, class: 'RESOURCE_OOM', retry: 'none' };
    case 'timeout':
      return { ...told, class: 'TIMEOUT', retry: 'none' };
    case 'stalled':
      return { ...told, class: 'STALLED', retry: 'job', doubt: 'silent' };
    case 'unknown_commit':
      return { ...told, class: 'UNKNOWN_COMMIT', retry: 'none' };
    case 'internal':
      return { ...told, class: 'INTERNAL', retry: 'none' };
  }
}

/** The execution was stopped, and not by us. */
export function disrupted(): Failure {
  const message = 'The machine that ran it was taken away.';
  return { class: 'INFRA_DISRUPTED', code: 'RUNNER_DISRUPTED', message, retry: 'infra', doubt: 'silent' };
}

export function leaseLost(): Failure {
  const message = 'The runner was not heard of until its lease was over.';
  return { class: 'NODE_LOST', code: 'RUNNER_SILENT', message, retry: 'infra', doubt: 'silent' };
}

export function objectVanished(isClaimed: boolean): Failure {
  const message = 'The object that ran it vanished before its end was seen.';
  return { class: 'NODE_LOST', code: 'RUNNER_VANISHED', message, retry: 'infra', ...doubtOf(isClaimed) };
}

export function launchTimeout(reason: string): Failure {
  const message = `No runner could be started in time: ${reason}`;
  return { class: 'LAUNCH_TIMEOUT', code: 'LAUNCH_TIMEOUT', message, retry: 'infra' };
}

export function launchRefused(code: string, message: string): Failure {
  const hint = 'Whoever runs this installation has to look at the message of the executor.';
  return { class: 'SPEC_INVALID', code, message, hint, retry: 'none' };
}

export function nameClash(name: string): Failure {
  const message = `Something else has the name ${name}.`;
  return { class: 'INTERNAL_NAME_CLASH', code: 'LAUNCH_NAME_CLASH', message, retry: 'none' };
}

export function nameGone(name: string): Failure {
  const message = `What had the name ${name} is being deleted.`;
  return { class: 'LAUNCH_GONE', code: 'LAUNCH_NAME_GONE', message, retry: 'infra' };
}

export function neverClaimed(): Failure {
  const message = 'A runner was started, and never asked for its work.';
  return { class: 'NEVER_CLAIMED', code: 'RUNNER_NEVER_CLAIMED', message, retry: 'infra' };
}

/** What the executor saw of an attempt that ended, or will never start, without a report of its own. */
export function observedFailure(observed: Observed, isClaimed: boolean): Failure {
  const lost = doubtOf(isClaimed);
  switch (observed.reason) {
    case 'image':
      return {
        class: 'IMAGE',
        code: 'RUNNER_IMAGE',
        message: 'The image of the runner could not be had.',
        retry: 'infra',
      };
    case 'launch_config':
      return {
        class: 'LAUNCH_CONFIG',
        code: 'RUNNER_CONFIG',
        message: 'The container of the runner could not be made.',
        retry: 'infra',
      };
    case 'unschedulable':
      return {
        class: 'UNSCHEDULABLE',
        code: 'RUNNER_UNSCHEDULABLE',
        message: 'There was no room for the runner.',
        retry: 'requeue',
      };
    case 'disrupted':
      return { ...disrupted(), ...lost };
    case 'evicted':
      return {
        class: 'INFRA_EVICTED',
        code: 'RUNNER_EVICTED',
        message: 'The machine was short of memory or disk, and stopped the runner.',
        retry: 'infra',
        ...lost,
      };
    case 'oom':
      return outOfMemory(lost);
    case 'node_lost':
      return {
        class: 'NODE_LOST',
        code: 'NODE_LOST',
        message: 'The machine that ran it was lost.',
        retry: 'infra',
        ...lost,
      };
    case 'deadline':
      return {
        class: 'DEADLINE',
        code: 'RUN_DEADLINE',
        message: 'It was ended by its last deadline.',
        retry: 'none',
        ...lost,
      };
    default:
      return exitFailure(observed, lost);
  }
}

function outOfMemory(lost: Doubt): Failure {
  return {
    class: 'RESOURCE_OOM',
    code: 'RUNNER_OUT_OF_MEMORY',
    message: 'The run needed more memory than it was given.',
    hint: 'Give the definition more memory, or fewer threads (`exec: {max_threads: 1}`).',
    retry: 'none',
    ...lost,
  };
}

function exitFailure({ exitCode, signal }: Observed, lost: Doubt): Failure {
  const told = { where: { exit_code: exitCode ?? null, signal: signal ?? null } };
  if (exitCode === exitCodes.finished) {
    const message = 'The runner ended without a word of what became of the run.';
    return { ...told, class: 'NO_RESULT', code: 'RUNNER_NO_RESULT', message, retry: 'none', ...lost };
  }
  if (exitCode === exitCodes.transient) {
    const message = 'The run failed, and another try may do.';
    return { ...told, class: 'JOB', code: 'RUN_FAILED_TRANSIENTLY', message, retry: 'job', ...lost };
  }
  if (exitCode === exitCodes.leaseLost) return { ...told, ...leaseLost() };
  if (exitCode === exitCodes.controlUnreachable) {
    const message = 'The runner could not reach the control plane.';
    return {
      ...told,
      class: 'CONTROL_UNREACHABLE',
      code: 'RUNNER_CONTROL_UNREACHABLE',
      message,
      retry: 'infra',
      ...lost,
    };
  }
  if (exitCode === exitCodes.claimRefused) return { ...told, ...neverClaimed() };
  // The kernel ends with 137 what takes too much memory; so does anybody with the right to kill.
  if (exitCode === 137 || signal === 'SIGKILL') {
    return {
      ...told,
      class: 'RUNNER_KILLED',
      code: 'RUNNER_KILLED',
      message: 'The runner was killed; probably (this is a guess) it needed more memory than there was.',
      retry: 'infra',
      ...lost,
    };
  }
  if (exitCode === 143 || exitCode === 130 || signal !== undefined) return { ...told, ...disrupted(), ...lost };
  const message = `The run failed (exit code ${exitCode ?? 'unknown'}), and the runner could not say why.`;
  return { ...told, class: 'JOB', code: 'RUN_FAILED', message, retry: 'none', ...lost };
}
