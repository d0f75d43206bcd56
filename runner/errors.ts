/** Errors of the runner itself. */
import { errorCatalogue } from '#spi/errors.ts';

export const runnerErrors = errorCatalogue({
  RUNNER_ENVIRONMENT: {
    kind: 'config',
    message: 'This is no place of a runner: {reason}.',
    hint: 'Runners are started by the dispatcher. To run a config by hand, use `ropeway run`.',
  },
  RUNNER_ENGINE_DIED: {
    kind: 'internal',
    message: 'The engine ended unexpectedly: {reason}.',
    hint: 'See the last lines of the log. If it was out of memory, give the run more.',
  },
  RUNNER_OUT_OF_MEMORY: {
    kind: 'data',
    message: 'The run needed more memory than the {limit} MB that it may use: {reason}.',
    hint: 'Give it {advice} MB (`memoryMb`), or lower `exec: {max_threads: N}` in its config.',
  },
  RUNNER_TIMEOUT: {
    kind: 'data',
    message: 'The run took longer than its limit of {seconds} seconds.',
    hint: 'Raise its time limit, or load less at once.',
  },
  RUNNER_STALLED: {
    kind: 'connector',
    transient: true,
    message: 'No byte was moved for {seconds} seconds.',
    hint: 'See what the other systems were doing at the time. The stall limit of the run can be raised.',
  },
  RUNNER_COMMIT_UNKNOWN: {
    kind: 'connector',
    message: 'The run was ended while its data was becoming visible: {reason}.',
    hint: 'Look into the target before running it again: the data may be there.',
  },
  RUNNER_REFUSED: {
    kind: 'internal',
    message: 'The control plane has refused {what} with status {status}.',
    hint: 'This is a bug. Please report it with the run and the versions of both.',
  },
  RUNNER_CONNECTION_MISSING: {
    kind: 'config',
    message: "The config names the connection '{handle}', which the run has not been given.",
    hint: 'Check that the connection still exists and that this workspace may use it.',
  },
  RUNNER_VARIABLE_ROWS: {
    kind: 'data',
    message: 'The query of the variable ${name}$ gave more than one row.',
    hint: 'Write it so that it gives one: an aggregate, or LIMIT 1.',
  },
  RUNNER_VARIABLE_MISSING: {
    kind: 'data',
    message: 'The query of the variable ${name}$ gave {what}.',
    hint: 'Say in its declaration what the value is then (`missing`).',
  },
  RUNNER_VARIABLE_TIMEOUT: {
    kind: 'connector',
    transient: true,
    message: 'The query of the variable ${name}$ took longer than its limit of {seconds} seconds.',
    hint: 'Make the query cheaper, or raise its limit (`timeoutS`).',
  },
  RUNNER_VARIABLE_VALUE: {
    kind: 'data',
    message: 'The value of the variable ${name}$, which came from its query, cannot be used: {reason}.',
    hint: 'See what the query gives, and where the variable stands.',
  },
  RUNNER_PROBE_FAILED: {
    kind: 'data',
    message: 'The probe failed, as it was told to.',
    hint: 'Nothing is wrong: this is for tests of load.',
  },
  RUNNER_ARGUMENT: {
    kind: 'config',
    message: "The argument '{name}' of this kind of run is not right: {reason}.",
    hint: 'See the description of the endpoint that started it.',
  },
});
