/** The rules of `conformance/` over every plugin there is. A new plugin is tested by being in the catalogue. */
import { describe, expect, it } from 'vitest';
import { rulesFor } from '#conformance/suite.ts';
import { catalog } from '#connectors/catalog.ts';
import { configJsonSchema } from '#engine/config/json-schema.ts';
import type { AnyPlugin } from '#spi/plugin.ts';
import { plugins as faulty } from '#test/kit/faulty-connection/plugins.ts';
import { cases } from './cases.ts';

const members = [...catalog, ...faulty].map((plugin): [string, AnyPlugin] => [`${plugin.kind} ${plugin.name}`, plugin]);

describe.each(members)('%s', (_title, plugin) => {
  const all = [...catalog, ...faulty];
  it.for(rulesFor(plugin, all, cases))('$title', async ({ run }, { annotate }) => {
    const reason = await run();
    // Rules that need a server, or are not for this plugin: its own tests see to the former.
    if (reason !== undefined) await annotate(`Left out: ${reason}`);
  });
});

describe('cases', () => {
  it('hold a sample for every parser and decoder, and columns for every filter', () => {
    const needs = catalog.filter(({ kind }) => kind === 'parser' || kind === 'decoder' || kind === 'filter');
    const lacking = needs.filter(({ kind, name }) => {
      const own = cases.find((one) => one.kind === kind && one.name === name);
      return own === undefined || (own.sample ?? own.columns) === undefined;
    });
    expect(lacking.map(({ kind, name }) => `${kind} ${name}`)).toEqual([]);
  });

  it('or their options say where the server of every connection is, if it has one', async () => {
    const title = 'tells of a server that does not answer, and never throws for it';
    const untried: string[] = [];
    for (const plugin of catalog.filter(({ kind }) => kind === 'connection')) {
      const rule = rulesFor(plugin, catalog, cases).find((one) => one.title === title);
      if ((await rule?.run()) !== undefined) untried.push(plugin.name);
    }
    expect(untried).toEqual(['file']);
  });

  it('are of plugins that exist', () => {
    const known = new Set(catalog.map(({ kind, name }) => `${kind} ${name}`));
    expect(cases.map(({ kind, name }) => `${kind} ${name}`).filter((one) => !known.has(one))).toEqual([]);
  });
});

describe('configJsonSchema()', () => {
  it('names every plugin of a config in its place', async () => {
    const text = JSON.stringify(await configJsonSchema(catalog));
    for (const { kind, name } of catalog) if (kind !== 'guess') expect(text).toContain(`"const":"${name}"`);
  });
});
