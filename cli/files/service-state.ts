/** What the service has now, and what was applied to it last. */
import type { Client } from '#api/client.ts';
import type { Applied } from '#api/resources/applied.ts';
import type { Catalog } from '#spi/plugin.ts';
import { kinds } from './kind-list.ts';
import type { Found, KindName, World } from './resource-kind.ts';

export class ServiceState implements World {
  readonly client: Client;
  readonly catalog: Catalog;
  readonly #found = new Map<KindName, Map<string, Found>>();
  readonly #applied = new Map<string, Applied>();
  readonly #ids = new Map<KindName, Map<string, string>>();
  readonly #names = new Map<KindName, Map<string, string>>();
  /** Of connections in files. */
  readonly #plugins = new Map<string, string>();

  private constructor(client: Client, catalog: Catalog) {
    this.client = client;
    this.catalog = catalog;
  }

  static async read(client: Client, catalog: Catalog): Promise<ServiceState> {
    const state = new ServiceState(client, catalog);
    for await (const applied of client.items('applied.list', { query: { limit: 200 } })) {
      state.#applied.set(applied.id, applied);
    }
    for (const kind of kinds) {
      const all = new Map<string, Found>();
      state.#found.set(kind.kind, all);
      for await (const found of kind.found(state)) {
        all.set(found.name, found);
        state.made(kind.kind, found.name, found.id);
      }
    }
    return state;
  }

  found(kind: KindName): ReadonlyMap<string, Found> {
    return this.#found.get(kind) ?? new Map<string, Found>();
  }

  applied(id: string): Applied | undefined {
    return this.#applied.get(id);
  }

  id(kind: KindName, name: string): string | undefined {
    return this.#ids.get(kind)?.get(name);
  }

  name(kind: KindName, id: string): string | undefined {
    return this.#names.get(kind)?.get(id);
  }

  plugin(connection: string): string | undefined {
    return this.#plugins.get(connection) ?? this.found('connection').get(connection)?.fields['plugin']?.toString();
  }

  /** Connections of the files come before those of the service. */
  willBe(connection: string, plugin: string): void {
    this.#plugins.set(connection, plugin);
  }

  made(kind: KindName, name: string, id: string): void {
    this.#ids.set(kind, (this.#ids.get(kind) ?? new Map<string, string>()).set(name, id));
    this.#names.set(kind, (this.#names.get(kind) ?? new Map<string, string>()).set(id, name));
  }
}
