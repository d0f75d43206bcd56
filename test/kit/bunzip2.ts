/** bzip2 by the system's own command: the tests' peer for our codec. */
import { commandOutput } from './command-output.ts';

export function bunzip2(bytes: Buffer): Promise<Buffer> {
  return commandOutput(['bzip2', '-dc'], bytes);
}
