/** What the command prints on, and how: data goes to stdout, everything said to people to stderr. */
import { once } from 'node:events';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

export interface Terminal {
  /** True when stderr is a screen: progress bars and colours make sense. */
  readonly isScreen: boolean;
  readonly width: number;
  /** Columns of the screen that data goes to; none when it goes into a file or another command. */
  readonly outWidth: number | undefined;
  /** Data. */
  out(text: string): void;
  /** Resolves when what was printed has been taken, or the signal aborts: whoever prints much waits here. */
  drained(signal: AbortSignal): Promise<void>;
  /** Words for people. */
  say(text: string): void;
  style(style: Style, text: string): string;
}

/** Columns when the screen does not tell. */
const WIDTH_DEFAULT = 100;

export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  // A reader that has seen enough (`| head`) is no error: the rest has nobody to go to.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  const isScreen = stderr.isTTY;
  return {
    isScreen,
    get width() {
      return stderr.columns ?? WIDTH_DEFAULT;
    },
    get outWidth() {
      return stdout.isTTY ? stdout.columns : undefined;
    },
    out: (text) => void stdout.write(text),
    drained: async (signal) => {
      if (!stdout.writableNeedDrain) return;
      await once(stdout, 'drain', { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    },
    say: (text) => void stderr.write(text),
    // styleText knows NO_COLOR, FORCE_COLOR and whether the stream is a screen.
    style: (style, text) => styleText(style, text, { stream: stderr }),
  };
}
