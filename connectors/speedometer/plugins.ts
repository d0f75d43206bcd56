import { plugin } from '#spi/plugin.ts';

export const speedometerPlugin = plugin({
  kind: 'filter',
  name: 'speedometer',
  title: 'Speedometer',
  summary: 'Reports how fast records go by, and slows them down to a limit. Each file is read by one thread.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).speedometerConfig,
  examples: [{ title: 'One megabyte a second', yaml: 'type: speedometer\nspeed_limit: 1000000\nlabel: orders\n' }],
  load: async () => (await import('./filter.ts')).speedometer,
});
