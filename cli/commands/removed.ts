/** Commands of Embulk's that have no meaning without Java and Ruby: a clear answer instead of "unknown command". */
import { runCommand } from '#cli/command-context.ts';
import { cliErrors } from '#cli/errors.ts';

export function removedCommand(command: string): Promise<number> {
  return runCommand({ logLevel: 'info' }, async () => {
    throw cliErrors.error('COMMAND_REMOVED', { command });
  });
}
