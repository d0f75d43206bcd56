/** Names of the contenders. */
export const stored = {
  store: 'Ropeway from the store',
  local: 'Ropeway from the disk',
  storeOneThread: 'Ropeway from the store, 1 thread',
  localOneThread: 'Ropeway from the disk, 1 thread',
} as const;
