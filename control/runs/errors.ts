import { errorCatalogue } from '#spi/errors.ts';

/** What the control plane answers to runners. */
export const runnerErrors = errorCatalogue({
  BOOTSTRAP_TOKEN_WRONG: {
    kind: 'connector',
    message: 'This is not the token of that attempt.',
    hint: 'A runner is started by the dispatcher, which gives it its token; it cannot be started by hand.',
  },
  RUNNER_PROTOCOL: {
    kind: 'connector',
    message: 'The runner speaks protocol {protocol}; this control plane speaks {known}.',
    hint: 'Run runners and control planes of releases that are at most one apart.',
  },
  RUN_UNKNOWN: {
    kind: 'connector',
    message: 'There is no run {run}.',
    hint: 'It may have been deleted, by hand or because it was older than runs are kept.',
  },
  CLAIM_TAKEN: {
    kind: 'connector',
    message: 'Attempt {attempt} of the run {run} was claimed by another process.',
    hint: 'Nothing has to be done: the other process does the work.',
  },
  CLAIM_REVOKED: {
    kind: 'connector',
    message: 'Attempt {attempt} of the run {run} has no claim to work any more.',
    hint: 'It was stopped, or given up for lost. The run says which.',
  },
  CONNECTION_GONE: {
    kind: 'config',
    message: 'The connection {connection} is not there any more, or is none of this run.',
    hint: 'Choose another connection, and start the run again.',
  },
  STOP_REQUESTED: {
    kind: 'connector',
    message: 'The run {run} is being stopped: nothing of it may become visible.',
    hint: 'Start it again when it should go on.',
  },
});

/** What is refused when a run is created. */
export const runErrors = errorCatalogue({
  RUN_NEVER_FITS: {
    kind: 'config',
    message: 'The run asks for {asked}; no place here has more than {most}.',
    hint: 'Ask for less in the run options, or give the server a larger machine.',
  },
  WORKSPACE_SUSPENDED: {
    kind: 'config',
    message: 'The workspace {workspace} is suspended: no runs of it are created.',
    hint: 'Ask those who manage the installation.',
  },
});
