/** An engine's process that does as its order's arguments say: prints without end, hears nothing. */
import { randomBytes } from 'node:crypto';
import { flushOutput } from '#runner/engine-log.ts';
import type { FromEngine, ToEngine } from '#runner/engine-protocol.ts';

export interface Script {
  readonly print_mb?: number;
  readonly line_bytes?: number;
  /** Bytes of any value instead of letters, with lines of any length. */
  readonly is_binary?: boolean;
  /** Hears no stop. */
  readonly is_deaf?: boolean;
  readonly ms?: number;
}

let stopped = false;

process.on('message', (message: ToEngine) => {
  if (message.type === 'order') void run(message.order.work.arguments);
  if (message.type === 'stop') stopped = true;
});
process.on('disconnect', () => process.exit(1));

/** What is printed again and again, about 64 KB of it, whole lines. */
function blockOf(lineBytes: number, isBinary: boolean): Buffer {
  if (!isBinary)
    return Buffer.from(`${'x'.repeat(lineBytes - 1)}\n`.repeat(Math.max(1, Math.floor(65_536 / lineBytes))));
  const block = randomBytes(65_536);
  block[block.length - 1] = NEWLINE;
  return block;
}

const NEWLINE = 0x0a;

async function run(script: Script): Promise<void> {
  const { print_mb: megabytes = 0, line_bytes: lineBytes = 100, is_binary: isBinary = false, ms = 0 } = script;
  const startedAt = performance.now();
  let [printed, lines] = [0, 0];
  let block = blockOf(lineBytes, isBinary);
  for (; printed < megabytes * 1024 * 1024; printed += block.length) {
    // Else it would be packed to nothing.
    if (isBinary) block = blockOf(lineBytes, isBinary);
    process.stdout.write(block);
    lines += block.filter((byte) => byte === NEWLINE).length;
  }
  const elapsedMs = Math.round(performance.now() - startedAt);
  const isStopped = (): boolean => stopped && script.is_deaf !== true;
  while (performance.now() - startedAt < ms && !isStopped()) await new Promise((resolve) => setTimeout(resolve, 5));
  const failure = { class: 'user', code: 'RUN_CANCELLED', message: 'stopped' } as const;
  const last: FromEngine = isStopped()
    ? { type: 'failed', isCancel: true, failure }
    : { type: 'done', result: { printed_bytes: printed, printed_lines: lines, elapsed_ms: elapsedMs } };
  await flushOutput();
  process.send?.(last);
}
