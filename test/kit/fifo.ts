/** Named pipes: inputs that wait until a test lets them go on. */
import { execFileSync } from 'node:child_process';

export function makeFifo(path: string): void {
  execFileSync('mkfifo', [path]);
}
