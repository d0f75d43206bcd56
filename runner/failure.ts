/** Errors as the control plane is told them: whose they are, and whether another try may do. */
import type { FailureReport } from '#api/runner.ts';
import { asRopewayError } from '#engine/error-transfer.ts';
import type { RopewayError } from '#spi/errors.ts';

/** A message quotes what was wrong, which may be of any length. */
const TEXT_CHARACTERS_MAX = 4000;

export function failureReport(thrown: unknown, as?: FailureReport['class']): FailureReport {
  const error = asRopewayError(thrown);
  const where = { ...error.where };
  return {
    class: as ?? classOf(error),
    code: error.code,
    message: shortened(error.message),
    hint: shortened(error.hint),
    ...(Object.keys(where).length === 0 ? {} : { where }),
  };
}

export function isCancel({ code }: RopewayError): boolean {
  return code === 'RUN_CANCELLED' || code === 'RUN_CANCELLED_RESUMABLE' || code === 'CONNECTION_CANCELLED';
}

function classOf(error: RopewayError): FailureReport['class'] {
  // A thread that reaches its limit is told of by its starter.
  if (error.code === 'WORKER_DIED' && /memory limit|out of memory/i.test(error.message)) return 'resource_oom';
  if (error.kind === 'internal') return 'internal';
  return error.transient ? 'transient' : 'user';
}

function shortened(text: string): string {
  return text.length <= TEXT_CHARACTERS_MAX ? text : `${text.slice(0, TEXT_CHARACTERS_MAX)}…`;
}
