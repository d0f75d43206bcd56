import { plugin } from '#spi/plugin.ts';

export const stringTransformPlugin = plugin({
  kind: 'filter',
  name: 'string_transform',
  title: 'Normalize texts',
  summary: 'Brings texts into a normal form: Unicode normalization, half and full width, white space, letters.',
  stability: 'stable',
  config: async () => (await import('./config.ts')).stringTransformConfig,
  examples: [
    { title: 'Unicode', yaml: 'type: string_transform\ncolumns: [{name: company, type: normalize_nfkc}]\n' },
    {
      title: 'One after the other',
      yaml: 'type: string_transform\ncolumns:\n- {name: code, type: to_half_width}\n- {name: code, type: trim}\n- {name: code, type: to_upper_case}\n',
    },
  ],
  load: async () => (await import('./filter.ts')).stringTransform,
});
