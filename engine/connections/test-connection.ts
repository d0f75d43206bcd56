/** Runs the checks of a connection: what a person tries first when a job does not get through. */
import { checkNames } from '#spi/connections.ts';
import type { Check } from '#spi/connections.ts';
import { isRopewayError } from '#spi/errors.ts';
import { ask, shown } from './bounded.ts';
import type { AskOptions } from './bounded.ts';
import { connectionErrors } from './errors.ts';
import type { OpenConnection } from './open-connection.ts';
import { withoutSecrets } from './secrets.ts';

/** Each check as it is known, without secrets. Throws when it is stopped, and for bugs of the plugin. */
export async function* testConnection(connection: OpenConnection, options: AskOptions): AsyncGenerator<Check> {
  const asking = ask(connection, options);
  const plugin = await connection.plugin.load();
  // The config has passed this plugin's own schema; its type is forgotten in the catalogue.
  const checks = plugin.test(connection.config as never, asking.ctx, connection.use)[Symbol.asyncIterator]();
  try {
    let count = 0;
    for (;;) {
      const step = await asking.answer(() => checks.next());
      if (step.done === true) break;
      count += 1;
      if (count > checkNames.length) throw broken(connection, `it has more than ${checkNames.length} checks`);
      yield presentable(connection, step.value);
    }
    if (count === 0) throw broken(connection, 'it has no checks');
  } finally {
    await asking.close(() => checks.return?.());
  }
}

function presentable(connection: OpenConnection, check: Check): Check {
  const { reason, ...rest } = check;
  // Only what a plugin words by itself: a password may well be one of our own words.
  const clean = { ...rest, detail: withoutSecrets(check.detail, connection.secrets) };
  if (reason === undefined) return clean;
  const error = shown(connection, reason);
  return isRopewayError(error) ? { ...clean, reason: error } : clean;
}

function broken({ type }: OpenConnection, reason: string): Error {
  return connectionErrors.error('CONNECTION_CHECKS', { type, reason });
}
