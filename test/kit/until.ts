/** Waits for something that comes about in another process: looks again and again, and says what it waited for. */
import { setTimeout as wait } from 'node:timers/promises';

const LOOK_MS = 5;

/** The first value of `look` that is not undefined. */
export async function until<T>(what: string, look: () => Promise<T | undefined>, msMax = 120_000): Promise<T> {
  const end = performance.now() + msMax;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`It has not come about within ${msMax} ms that ${what}.`);
    await wait(LOOK_MS);
  }
}
