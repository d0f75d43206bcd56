/** Puts the options of connections, secret ones too, where a config names them by handle. */
import type { WorkOrder } from '#api/runner.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import { runnerErrors } from './errors.ts';

type Secrets = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Nested sections (parsers, decoders) lie this deep at most. */
const DEPTH_MAX = 8;

/**
 * The config with every `connection: {handle: …}` replaced by that connection's options. They win over what the section
 * says itself: else who may write a config could send the secrets of a connection to another server.
 */
export function withConnections({ config, connections }: WorkOrder, secrets: Secrets): JsonObject {
  // It has come as JSON.
  return replaced(config as JsonObject, 0);

  function replaced<T extends Json>(value: T, depth: number): T {
    if (depth > DEPTH_MAX) return value;
    // Each kind of value becomes one of the same kind.
    if (Array.isArray(value)) return (value as Json[]).map((item) => replaced(item, depth + 1)) as unknown as T;
    if (!isJsonObject(value)) return value;
    const members: JsonObject = Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, item === undefined ? null : replaced(item, depth + 1)]),
    );
    return (isNamed(value) ? merged(value.connection.handle, members) : members) as T;
  }

  function merged(handle: string, section: JsonObject): JsonObject {
    const connection = connections[handle];
    if (connection === undefined) throw runnerErrors.error('RUNNER_CONNECTION_MISSING', { handle });
    const { connection: _, ...own } = section;
    const result: Record<string, unknown> = { ...own, type: connection.plugin, ...connection.options };
    for (const [path, secret] of Object.entries(secrets[handle] ?? {})) put(result, path.split('.'), secret);
    return result as JsonObject;
  }
}

function isNamed(section: JsonObject): section is JsonObject & { connection: { handle: string } } {
  const connection = section['connection'];
  return isJsonObject(connection) && typeof connection['handle'] === 'string';
}

/** Copies what it changes on the way: options of a connection may stand in several sections. */
function put(target: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (key === '__proto__') return;
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const before = target[key];
  const inner: Record<string, unknown> | unknown[] = Array.isArray(before)
    ? [...(before as unknown[])]
    : { ...(typeof before === 'object' ? before : {}) };
  target[key] = inner;
  // A list takes its numbers as keys.
  put(inner as Record<string, unknown>, rest, value);
}
