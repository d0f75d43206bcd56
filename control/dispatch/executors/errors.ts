import { errorCatalogue } from '#spi/errors.ts';

export const executorErrors = errorCatalogue({
  KUBERNETES_CONFIG_UNREADABLE: {
    kind: 'config',
    message: 'The kubeconfig cannot be read: {file}.',
    hint: 'Name a file that kubectl can work with, or run inside the cluster.',
  },
  KUBERNETES_CONTEXT_MISSING: {
    kind: 'config',
    message: 'The kubeconfig has no cluster for the context "{context}".',
    hint: 'Name one of the contexts that `kubectl config get-contexts` lists.',
  },
  KUBERNETES_UNREACHABLE: {
    kind: 'connector',
    transient: true,
    message: 'The Kubernetes API did not answer {method} {path}: {reason}.',
    hint: 'It is asked again; check the address and the network when it stays so.',
  },
  KUBERNETES_REFUSED: {
    kind: 'connector',
    message: 'The Kubernetes API answered {status} to {method} {path}: {reason}.',
    hint: 'Compare the rights of the account with those that deploying Ropeway needs.',
  },
});
