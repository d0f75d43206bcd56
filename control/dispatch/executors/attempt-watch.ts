/** Tells of attempts that may have changed: at once when the system says so, and with every look at all of them. */
import { watch } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { optional } from './attempt-folder.ts';

export interface AttemptWatch {
  readonly runsFolder: string;
  readonly pollMs: number;
  readonly names: () => Promise<readonly string[]>;
  /** What is seen of an attempt, as a text that differs when something has changed. */
  readonly look: (name: string) => Promise<string>;
  readonly changed: (name: string) => void;
  readonly signal: AbortSignal;
}

/** What was being made or removed when its dispatcher ended. */
const LITTER = /^\.(new|removed)-/;
const LITTER_MS_MAX = 3600_000;
/** How many looks lie between two looks for litter. */
const LITTER_EVERY = 600;

export async function watchAttempts(options: AttemptWatch): Promise<void> {
  const { runsFolder, changed, signal } = options;
  // Supervisors put a file there when they end; a folder that appears or goes is an attempt itself.
  const watchers = [runsFolder, join(runsFolder, '.ended')].map((folder) => watchFolder(folder, changed));
  const seen = new Map<string, string>();
  try {
    for (let count = 0; !signal.aborted; count += 1) {
      await lookAtAll(options, seen);
      if (count % LITTER_EVERY === 0) await sweep(runsFolder);
      await wait(options.pollMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  } finally {
    for (const watcher of watchers) watcher?.close();
  }
}

/** Undefined where the system has no watches left: looking finds everything too. */
function watchFolder(folder: string, changed: (name: string) => void): ReturnType<typeof watch> | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, (_, name) => {
      if (name !== null && !name.startsWith('.')) changed(name);
    });
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

async function lookAtAll({ names, look, changed, signal }: AttemptWatch, seen: Map<string, string>): Promise<void> {
  const present = new Set(await names());
  for (const name of present) {
    if (signal.aborted) return;
    // One that cannot be looked at is told of: who asks for it hears why.
    const now = await look(name).catch((error: unknown) => String(error));
    if (seen.get(name) !== now) changed(name);
    seen.set(name, now);
  }
  for (const name of seen.keys()) {
    if (present.has(name)) continue;
    seen.delete(name);
    changed(name);
  }
}

async function sweep(runsFolder: string): Promise<void> {
  for (const name of await readdir(runsFolder)) {
    if (!LITTER.test(name)) continue;
    const path = join(runsFolder, name);
    const found = await optional(stat(path));
    if (found !== undefined && Date.now() - found.ctimeMs > LITTER_MS_MAX) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
