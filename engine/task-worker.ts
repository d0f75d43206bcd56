/** The worker-thread side: takes tasks one at a time from the main thread and reports each. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { assert } from '#spi/assert.ts';
import type { Logger, LogLevel } from '#spi/context.ts';
import type { Catalog } from '#spi/plugin.ts';
import { Counters } from './counters.ts';
import { errorRecord } from './error-transfer.ts';
import { inlineRunner } from './inline-runner.ts';
import { runContext } from './run-context.ts';
import type { TaskReports } from './task.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-protocol.ts';

/** Serves until the main thread ends this one. Called by the entry module of a worker thread. */
export async function serveTasks(builtIn: Catalog): Promise<void> {
  assert(!isMainThread && parentPort, 'tasks are served in a worker thread');
  const port = parentPort;
  const send = (message: FromWorker): void => port.postMessage(message);
  // The main thread starts its workers with exactly this.
  const { order, counters, plugins } = workerData as WorkerStart;
  const catalog =
    plugins === undefined ? builtIn : await (await import('./plugins/load-plugins.ts')).withPlugins(builtIn, plugins);
  const abort = new AbortController();
  const log = remoteLogger(send);
  const context = runContext({
    log,
    signal: abort.signal,
    transactionTime: new Date(order.job.exec.transactionTime),
  });
  const runner = await inlineRunner({ order, catalog, context, counters: new Counters(counters), log });
  const answer = (work: Promise<TaskReports | undefined>): void => {
    work.then(
      (reports) => send({ type: 'done', reports, skips: runner.skips() }),
      (error: unknown) => send({ type: 'failed', error: errorRecord(error), skips: runner.skips() }),
    );
  };
  port.on('message', (message: ToWorker) => {
    switch (message.type) {
      case 'cancel':
        abort.abort();
        return;
      case 'run':
        answer(runner.runTask(message.item));
        return;
      case 'join':
        answer(runner.join(message.order).then(() => undefined));
    }
  });
}

function remoteLogger(send: (message: FromWorker) => void): Logger {
  const at =
    (level: LogLevel): Logger['info'] =>
    (sentence, fields = {}) =>
      send({ type: 'log', level, sentence, fields });
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}
