/**
 * Freezes what a run does, when it is created: later changes of the definition, of its connections and of values do
 * not reach it. In place of a connection stands a handle, and only what is not secret goes along: secrets are asked
 * for by the runner, after its claim.
 */
import { Liquid } from 'liquidjs';
import type { ScopeKind } from '#api/resources/limit.ts';
import type { WorkOrder } from '#api/runner.ts';
import { definitionErrors } from '#control/definitions/errors.ts';
import { withSections } from '#control/definitions/transfer-config.ts';
import { insertValues, writtenTexts } from '#control/variables/insert.ts';
import type { ResolvedVariables } from '#control/variables/resolve.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';

/** A limit that applies to a run. */
export interface Scope {
  readonly kind: ScopeKind;
  readonly id: string;
}

export interface ConnectionToFreeze {
  readonly id: string;
  readonly name: string;
  readonly plugin: string;
  /** Without secrets. */
  readonly options: JsonObject;
  readonly accountKey: string;
}

export interface WorkToFreeze {
  readonly kind: WorkOrder['kind'];
  readonly workspaceId: string;
  readonly groupId: string | null;
  readonly definitionId: string | null;
  readonly lane: 'batch' | 'interactive';
  /** Sections name connections by id. */
  readonly config: JsonObject;
  /** Those that the config names. */
  readonly connections: readonly ConnectionToFreeze[];
  readonly variables: Readonly<Record<string, string>>;
  /** Of `$name$`, which the definition declares. */
  readonly declared?: ResolvedVariables | undefined;
  readonly arguments: JsonObject;
  /** The instant that the run is about. */
  readonly transactionTime: string;
  readonly runTimeoutS: number;
  readonly stallTimeoutS: number | undefined;
  readonly memoryMb: number;
  readonly cpuMillis: number;
}

export interface FrozenWork {
  readonly work: WorkOrder;
  readonly scopes: readonly Scope[];
}

/** The scope that everything is in. */
export const installationScope: Scope = { kind: 'installation', id: 'all' };

export function freezeWork(given: WorkToFreeze): FrozenWork {
  const { connections, variables, workspaceId } = given;
  const byId = new Map(connections.map((connection) => [connection.id, connection]));
  const rendered = withVariables(given.config, variables);
  // Each kind of variable is blind to the values of the other.
  const render = (text: string): string => withVariables({ text }, variables)['text'] as string;
  const inserted = given.declared && insertValues(rendered, given.declared, render);
  const config = withSections(inserted?.config ?? rendered, (section) => {
    const { connection } = section;
    return typeof connection === 'string' && byId.has(connection)
      ? { ...section, connection: { handle: connection } }
      : section;
  });
  const work: WorkOrder = {
    kind: given.kind,
    config: { ...config },
    connections: Object.fromEntries(
      connections.map(({ id, plugin, name, options }) => [id, { plugin, name, options: { ...options } }]),
    ),
    variables: { ...variables },
    ...inserted?.order,
    ...(given.kind === 'guess' && given.declared !== undefined ? { written: writtenTexts(given.declared) } : {}),
    arguments: { ...given.arguments },
    transaction_time: given.transactionTime,
    run_timeout_s: given.runTimeoutS,
    ...(given.stallTimeoutS === undefined ? {} : { stall_timeout_s: given.stallTimeoutS }),
    memory_mb: given.memoryMb,
    cpu_millis: given.cpuMillis,
    commit_mode: 'permit',
    workspace_id: workspaceId,
  };
  return { work, scopes: scopesOf(given) };
}

export interface ScopeParts {
  readonly workspaceId: string;
  readonly groupId: string | null;
  readonly definitionId: string | null;
  readonly lane: 'batch' | 'interactive';
  readonly connections: readonly Pick<ConnectionToFreeze, 'accountKey'>[];
}

/** Which limits apply. What somebody waits for has seats of its own, and is not behind the batch. */
export function scopesOf({ workspaceId, groupId, definitionId, lane, connections }: ScopeParts): Scope[] {
  const accounts = new Set(connections.map(({ accountKey }) => accountScopeId(workspaceId, accountKey)));
  const accountScopes = [...accounts].sort().map((id): Scope => ({ kind: 'account', id }));
  if (lane === 'interactive') return [{ kind: 'lane', id: lane }, ...accountScopes];
  return [
    installationScope,
    { kind: 'lane', id: lane },
    { kind: 'workspace', id: workspaceId },
    ...(groupId === null ? [] : [{ kind: 'group', id: groupId } as const]),
    ...(definitionId === null ? [] : [{ kind: 'definition', id: definitionId } as const]),
    ...accountScopes,
  ];
}

/** Of the workspace: another one that names the same account must not be able to hold its seats, or to close it. */
export function accountScopeId(workspaceId: string, accountKey: string): string {
  return `${workspaceId}/${accountKey}`;
}

/** Texts without one are not touched: code in a config may have braces of its own. */
const template = /\{\{-?\s*(?:vars|env)\b/;

/** Of one text: what a configuration needs is far below. */
const TEMPLATE_LENGTH_MAX = 1_000_000;
const RENDER_MS_MAX = 200;
const RENDER_MEMORY_MAX = 10_000_000;

const liquid = new Liquid({
  strictFilters: true,
  strictVariables: true,
  ownPropertyOnly: true,
  parseLimit: TEMPLATE_LENGTH_MAX,
  renderLimit: RENDER_MS_MAX,
  memoryLimit: RENDER_MEMORY_MAX,
});
// Values, not programs: loops and inclusions are for files.
for (const tag of Object.keys(liquid.tags)) delete liquid.tags[tag];

/** The config with the values in place of `{{ vars.name }}`. Throws with the names of all that are missing. */
export function withVariables(config: JsonObject, variables: Readonly<Record<string, string>>): JsonObject {
  const missing = new Set<string>();
  const filled = mapTexts(config, (text, path) => {
    if (!template.test(text)) return text;
    try {
      const parsed = liquid.parse(text);
      const names = liquid.fullVariablesSync(parsed);
      const unknown = names.filter((name) => !(name.startsWith('vars.') && Object.hasOwn(variables, name.slice(5))));
      for (const name of unknown) missing.add(name);
      return unknown.length > 0 ? text : String(liquid.renderSync(parsed, { vars: variables }));
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
      const params = { reason, example: '{{ vars.date }}' };
      throw definitionErrors.error('TEMPLATE_INVALID', params, { where: { path: ['config', ...path] }, cause: error });
    }
  });
  if (missing.size === 0) return filled;
  throw definitionErrors.error('VARIABLE_MISSING', { names: [...missing].sort().join(', ') });
}

type Path = readonly (string | number)[];

/** Nesting is bounded where configurations come in. */
function mapTexts<T extends Json>(value: T, map: (text: string, path: Path) => string, path: Path = []): T {
  // Each kind of value becomes one of the same kind.
  if (typeof value === 'string') return map(value, path) as T;
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map((item, index) => mapTexts(item, map, [...path, index])) as unknown as T;
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, item === undefined ? item : mapTexts(item, map, [...path, key])]),
  ) as T;
}
