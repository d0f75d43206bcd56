import type { Output } from '#spi/records.ts';

export const nullOutput: Output<object> = {
  plan: async () => null,
  open: async () => ({
    write: async () => {},
    close: async () => ({}),
    abort: async () => {},
  }),
  commit: async () => ({}),
};
