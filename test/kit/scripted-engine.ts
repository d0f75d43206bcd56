/** An engine's process that does as its order's arguments say: prints without end, hears nothing, eats memory. */
import { flushOutput } from '#runner/engine-log.ts';
import type { FromEngine, ToEngine } from '#runner/engine-protocol.ts';

interface Script {
  readonly print_mb?: number;
  readonly line_bytes?: number;
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

async function run({
  print_mb: megabytes = 0,
  line_bytes: lineBytes = 100,
  is_deaf: isDeaf,
  ms = 0,
}: Script): Promise<void> {
  const startedAt = performance.now();
  const line = `${'x'.repeat(lineBytes - 1)}\n`;
  const block = line.repeat(Math.max(1, Math.floor(65_536 / lineBytes)));
  let printed = 0;
  for (; printed < megabytes * 1024 * 1024; printed += block.length) process.stdout.write(block);
  const elapsedMs = Math.round(performance.now() - startedAt);
  const isStopped = (): boolean => stopped && isDeaf !== true;
  while (performance.now() - startedAt < ms && !isStopped()) await new Promise((resolve) => setTimeout(resolve, 5));
  const failure = { class: 'user', code: 'RUN_CANCELLED', message: 'stopped' } as const;
  const last: FromEngine = isStopped()
    ? { type: 'failed', isCancel: true, failure }
    : { type: 'done', result: { printed_bytes: printed, elapsed_ms: elapsedMs } };
  await flushOutput();
  process.send?.(last);
}
