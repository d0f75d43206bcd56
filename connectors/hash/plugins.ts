import { plugin } from '#spi/plugin.ts';

export const hashPlugin = plugin({
  kind: 'filter',
  name: 'hash',
  title: 'Hash values',
  summary: 'Replaces values by their digests.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).hashConfig,
  examples: [
    { title: 'SHA-256', yaml: 'type: hash\ncolumns: [{name: email, new_name: email_hash}]\n' },
    {
      title: 'With a key',
      yaml: "type: hash\ncolumns: [{name: email, algorithm: HmacSHA256, secret_key: '{{ env.KEY }}'}]\n",
    },
  ],
  load: async () => (await import('./filter.ts')).hash,
});
