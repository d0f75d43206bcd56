/** Ctrl-C and `kill`: the first asks the run to stop and clean up, the second ends the process at once. */

export interface StopSignals {
  readonly signal: AbortSignal;
  /** The exit code that tells the shell which signal it was (128 + its number), when one came. */
  exitCode(): number | undefined;
  dispose(): void;
}

const numbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
/** One Ctrl-C reaches the process several times: from the terminal, and from every launcher before it. */
const SAME_SIGNAL_MS = 300;

type Name = keyof typeof numbers;

export function stopSignals(onFirst: (name: string) => void): StopSignals {
  const abort = new AbortController();
  let received: Name | undefined;
  let receivedAt = 0;
  const listeners = (Object.keys(numbers) as Name[]).map((name) => {
    const listener = (): void => {
      if (received !== undefined) {
        if (performance.now() - receivedAt < SAME_SIGNAL_MS) return;
        process.exit(128 + numbers[name]);
      }
      received = name;
      receivedAt = performance.now();
      onFirst(name);
      abort.abort();
    };
    process.on(name, listener);
    return { name, listener };
  });
  return {
    signal: abort.signal,
    exitCode: () => (received === undefined ? undefined : 128 + numbers[received]),
    dispose() {
      for (const { name, listener } of listeners) process.off(name, listener);
    },
  };
}
