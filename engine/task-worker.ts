/** The worker-thread side: takes tasks one at a time from the main thread and reports each. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { assert } from '#spi/assert.ts';
import type { Logger, LogLevel } from '#spi/context.ts';
import type { Catalog } from '#spi/plugin.ts';
import { Counters } from './counters.ts';
import { errorRecord } from './error-transfer.ts';
import { taskRunner } from './inline-executor.ts';
import { runContext } from './run-context.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-protocol.ts';

/** Serves until the main thread ends this one. Called by the entry module of a worker thread. */
export async function serveTasks(catalog: Catalog): Promise<void> {
  assert(!isMainThread && parentPort, 'tasks are served in a worker thread');
  const port = parentPort;
  const send = (message: FromWorker): void => port.postMessage(message);
  // The main thread starts its workers with exactly this.
  const { order, counters } = workerData as WorkerStart;
  const abort = new AbortController();
  const log = remoteLogger(send);
  const context = runContext({
    log,
    signal: abort.signal,
    transactionTime: new Date(order.job.exec.transactionTime),
  });
  const runner = await taskRunner({ order, catalog, context, counters: new Counters(counters), log });
  port.on('message', (message: ToWorker) => {
    if (message.type === 'cancel') {
      abort.abort();
      return;
    }
    const { index } = message.item;
    runner.run(message.item).then(
      (reports) => send({ type: 'done', index, reports, skips: runner.rejections.counts() }),
      (error: unknown) => send({ type: 'failed', index, error: errorRecord(error), skips: runner.rejections.counts() }),
    );
  });
  send({ type: 'ready' });
}

function remoteLogger(send: (message: FromWorker) => void): Logger {
  const at =
    (level: LogLevel): Logger['info'] =>
    (sentence, fields = {}) =>
      send({ type: 'log', level, sentence, fields });
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}
