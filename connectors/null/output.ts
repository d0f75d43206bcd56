import type { Output } from '#spi/records.ts';

export const nullOutput: Output<object> = {
  isIndifferent: true,
  plan: async () => null,
  open: async () => ({
    write: async () => {},
    close: async () => ({}),
    abort: async () => {},
  }),
  commit: async () => ({}),
};
