/** The filters of a job, one after the other. */
import type { Batch } from '#spi/batch.ts';
import type { Context } from '#spi/context.ts';
import type { Catalog } from '#spi/plugin.ts';
import type { FilterFaults, Filtered, FilterStream } from '#spi/records.ts';
import type { Schema } from '#spi/schema.ts';
import type { Section } from './job.ts';
import { inSection, inSectionSync, loadSection } from './section.ts';
import type { Loaded } from './section.ts';

export interface FilterStage {
  readonly section: Section<'filter'>;
  readonly plugin: Loaded<'filter'>;
}

export async function loadFilters(
  sections: readonly Section<'filter'>[],
  catalog: Catalog,
): Promise<readonly FilterStage[]> {
  return Promise.all(sections.map(async (section) => ({ section, plugin: await loadSection(section, catalog) })));
}

/** Filters at work on one stream of batches; `close` is called once, at the end of good and bad streams alike. */
export interface FilterChain {
  readonly schema: Schema;
  /** A promise only when one of the filters gave one: most batches go through without waiting. */
  apply(batch: Batch, faults: FilterFaults): Filtered | Promise<Filtered>;
  /** Undefined when no filter holds the stream up. */
  hold(): Promise<void> | undefined;
  close(): Promise<void>;
}

export function openFilters(stages: readonly FilterStage[], input: Schema, ctx: Context): FilterChain {
  const streams: Link[] = [];
  let schema = input;
  for (const { section, plugin } of stages) {
    const stream = inSectionSync(section, () => plugin.open(section.config, schema, ctx));
    streams.push({ section, stream });
    schema = stream.schema;
  }
  return {
    schema,
    apply: (batch, faults) => applyFrom(streams, 0, batch, faults),
    hold() {
      const holds = streams.flatMap(({ section, stream }) => {
        const hold = inSectionSync(section, () => stream.hold?.());
        return hold === undefined ? [] : [inSection(section, () => hold)];
      });
      return holds.length === 0 ? undefined : Promise.all(holds).then(() => undefined);
    },
    async close() {
      for (const { section, stream } of streams) await inSection(section, () => stream.close?.());
    },
  };
}

interface Link {
  readonly section: Section;
  readonly stream: FilterStream;
}

/** The batch through the filters from this one on. */
function applyFrom(
  links: readonly Link[],
  first: number,
  batch: Batch,
  faults: FilterFaults,
): Filtered | Promise<Filtered> {
  let current = batch;
  for (const [index, { section, stream }] of links.entries()) {
    if (index < first) continue;
    const before = current;
    const result = inSectionSync(section, () => stream.apply(before, faults));
    if (result instanceof Promise) {
      return inSection(section, () => result).then((filtered) =>
        isEmpty(filtered) ? undefined : applyFrom(links, index + 1, filtered, faults),
      );
    }
    if (isEmpty(result)) return undefined;
    current = result;
  }
  return current;
}

function isEmpty(filtered: Filtered): filtered is undefined {
  return filtered === undefined || filtered.rowCount === 0;
}
