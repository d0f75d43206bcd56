/**
 * A process that wants a data folder again and again: `node lock-contender.ts FOLDER TIMES`. While it has the folder it
 * holds a file that only one can make; it says `clash` when somebody else has that, and `held` each time it was alone.
 * With TIMES 0 it takes the folder, says `held`, and keeps it.
 */
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { lockFolder } from '#control/store/lock.ts';
import { isRopewayError } from '#spi/errors.ts';

const TRIES_MAX = 5000;

const [folder = '', times = '1'] = process.argv.slice(2);
const witness = join(folder, 'witness');

/** False when somebody has the folder. */
function takeOnce(): boolean {
  try {
    const lock = lockFolder(folder);
    if (times === '0') return true;
    try {
      closeSync(openSync(witness, 'wx'));
    } catch {
      process.stdout.write('clash\n');
    }
    rmSync(witness, { force: true });
    lock.release();
    return true;
  } catch (error) {
    if (isRopewayError(error) && error.code === 'STORE_FOLDER_IN_USE') return false;
    throw error;
  }
}

let taken = 0;
for (let tries = 0; tries < TRIES_MAX && taken < Math.max(1, Number(times)); tries++) {
  if (takeOnce()) {
    taken += 1;
    process.stdout.write('held\n');
  }
  // Others have their turn.
  await wait(Math.random() * 2);
}
// Holds on until it is killed.
if (times === '0') setInterval(() => {}, 1000);
