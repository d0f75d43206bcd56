/** Connections outside of an engine. */
import type { Connection, ConnectionUse } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import { keptLog } from './memory-plugins.ts';

export function plainContext(signal: AbortSignal = new AbortController().signal): Context {
  return {
    log: keptLog().log,
    signal,
    tempDir: async () => '/nowhere',
    transactionTime: new Date(0),
    isPreview: false,
  };
}

/** Outcomes by check: the outcome, or the code of the error, and the detail. */
export async function outcomes<C>(
  connection: Connection<C>,
  config: C,
  { use, signal }: { readonly use?: ConnectionUse; readonly signal?: AbortSignal } = {},
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, outcome, detail, reason } of connection.test(config, plainContext(signal), use)) {
    found[name] = `${reason?.code ?? outcome}: ${detail}`;
  }
  return found;
}
