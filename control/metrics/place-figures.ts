/** What this process knows of the place where it launches runners, asked for at each scrape. */
import type { Backpressure } from '#control/dispatch/backpressure.ts';
import type { Executor } from '#control/dispatch/executors/executor.ts';
import type { Metrics } from './metrics.ts';

export interface Place {
  readonly executor: Pick<Executor, 'watches'>;
  readonly pressure: Pick<Backpressure, 'isOpen' | 'perSecond'>;
}

export function showPlace(metrics: Metrics, { executor, pressure }: Place): void {
  metrics.gauge('breaker_open', 'Whether the executor is asked nothing but whether it answers.', [], (show) =>
    show({}, pressure.isOpen ? 1 : 0),
  );
  metrics.gauge('launch_rate', 'Launches per second that the executor is given at most.', [], (show) =>
    show({}, pressure.perSecond),
  );
  if (executor.watches === undefined) return;
  const watches = () => executor.watches?.() ?? [];
  metrics.gauge(
    'watch_silent_seconds',
    'Time since anything was heard of a watched resource.',
    ['resource'],
    (show) => {
      for (const { resource, silentS } of watches()) show({ resource }, silentS);
    },
  );
  metrics.gauge('watch_lists', 'How often all of a watched resource was read.', ['resource'], (show) => {
    for (const { resource, lists } of watches()) show({ resource }, lists);
  });
  metrics.gauge('watch_failures', 'How often reading or watching a resource failed.', ['resource'], (show) => {
    for (const { resource, failures } of watches()) show({ resource }, failures);
  });
  metrics.gauge('watch_cached', 'Objects of a watched resource in the copy of this process.', ['resource'], (show) => {
    for (const { resource, cached } of watches()) show({ resource }, cached);
  });
}
