/**
 * Names of files that do not have theirs yet: `.NAME.RUN.part`. No two runs have the same, and a run's id says where
 * it lives, so that what runs that died have left is known and taken away.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { opendir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Logger } from '#spi/context.ts';
import { systemReason } from '#spi/system-reason.ts';

/** `<where processes are counted, 8 hexadecimal digits>-<process, base 36>-<10 hexadecimal digits>`. */
export type RunId = string;

const partPattern = /^\.(.+)\.(([0-9a-f]{8})-([0-9a-z]{1,7})-[0-9a-f]{10})\.part$/s;
/** What file systems take. */
const NAME_BYTES_MAX = 255;
const RUN_LENGTH_MAX = 8 + 1 + 7 + 1 + 10;
/** Longer names are not put into those of parts. */
const PLAIN_NAME_BYTES_MAX = NAME_BYTES_MAX - '...part'.length - RUN_LENGTH_MAX;
/** Whether a run of another machine or container lives cannot be seen; none is silent for so long. */
const SILENT_MS_MAX = 24 * 3600 * 1000;

export function newRunId(): RunId {
  return `${processSpace()}-${process.pid.toString(36)}-${randomBytes(5).toString('hex')}`;
}

export function partPath(path: string, run: RunId): string {
  const name = basename(path);
  const isPlain = Buffer.byteLength(name) <= PLAIN_NAME_BYTES_MAX;
  // A digest has no way back to the name: the next run does not know such a part as one of its own names.
  const shown = isPlain ? name : createHash('sha256').update(name).digest('hex');
  return join(dirname(path), `.${shown}.${run}.part`);
}

/** Takes away the parts of runs that died, as far as they stand for names that are wanted. */
export async function removeLeftovers(folder: string, isWanted: (name: string) => boolean, log: Logger): Promise<void> {
  for await (const part of namesIn(folder, log)) {
    const [, name = '', , space, pid = ''] = partPattern.exec(part) ?? [];
    if (space === undefined || !isWanted(name)) continue;
    const file = join(folder, part);
    const isLeft = space === processSpace() ? !isAlive(Number.parseInt(pid, 36)) : await isSilent(file);
    if (!isLeft) continue;
    try {
      await rm(file, { force: true });
      log.info('Removed an unfinished file of a run that had died.', { file });
    } catch (error) {
      const reason = systemReason(error);
      if (reason === undefined) throw error;
      log.warn('An unfinished file of a run that had died cannot be removed.', { file, reason });
    }
  }
}

async function* namesIn(folder: string, log: Logger): AsyncGenerator<string> {
  try {
    for await (const { name } of await opendir(folder)) yield name;
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    // It may be written to all the same.
    log.warn('What runs that died have left cannot be looked for.', { folder, reason });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Anything else, e.g. a missing right, is said of a process that is there.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

async function isSilent(file: string): Promise<boolean> {
  const stats = await stat(file).catch(() => undefined);
  return stats !== undefined && Date.now() - stats.mtimeMs > SILENT_MS_MAX;
}

/** Process numbers mean something only on one machine since it was started, and in one container. */
function processSpace(): string {
  const parts = [
    known(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')) ?? hostname(),
    known(() => readlinkSync('/proc/self/ns/pid')) ?? '',
  ];
  return createHash('sha256').update(parts.join(' ')).digest('hex').slice(0, 8);
}

/** Not every system has it. */
function known(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
