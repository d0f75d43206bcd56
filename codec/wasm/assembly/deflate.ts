// The module of compression.
export function nothing(): void {}
