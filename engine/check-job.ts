/** Checks a job as far as that goes without touching data: what parsers, filters and formatters say to their config. */
import { isRopewayError } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import type { Catalog } from '#spi/plugin.ts';
import type { Schema } from '#spi/schema.ts';
import { loadFilters, openFilters } from './filter-chain.ts';
import type { Job } from './job.ts';
import { runContext } from './run-context.ts';
import { inSectionSync, loadSection } from './section.ts';

const silent = { error() {}, warn() {}, info() {}, debug() {} };

/** The errors that planning would meet, without reading or opening anything. */
export async function checkJob(job: Job, catalog: Catalog): Promise<readonly RopewayError[]> {
  const errors: RopewayError[] = [];
  const attempt = async <T>(call: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await call();
    } catch (error) {
      if (!isRopewayError(error)) throw error;
      errors.push(error);
      return undefined;
    }
  };
  const schema = await attempt(() => parserSchema(job, catalog));
  if (schema === undefined) return errors;
  const filtered = await attempt(() => filteredSchema(job, schema, catalog));
  if (filtered !== undefined) await attempt(() => checkFormatter(job, filtered, catalog));
  return errors;
}

/** Record inputs learn their schema from the other system: undefined then, and nothing after it can be checked. */
async function parserSchema({ input }: Job, catalog: Catalog): Promise<Schema | undefined> {
  if (input.kind === 'input') return undefined;
  const parser = await loadSection(input.parser, catalog);
  return inSectionSync(input.parser, () => parser.schema(input.parser.config));
}

async function filteredSchema(job: Job, schema: Schema, catalog: Catalog): Promise<Schema> {
  const context = runContext({
    log: silent,
    signal: new AbortController().signal,
    transactionTime: new Date(job.exec.transactionTime),
  });
  const chain = openFilters(await loadFilters(job.filters, catalog), schema, context);
  await chain.close();
  return chain.schema;
}

async function checkFormatter({ output }: Job, schema: Schema, catalog: Catalog): Promise<void> {
  if (output.kind === 'output') return;
  const formatter = await loadSection(output.formatter, catalog);
  inSectionSync(output.formatter, () => formatter.open(output.formatter.config, schema));
}
