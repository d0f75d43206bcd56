/** All that one thread needs to work on a file in ranges: the file, the parser, the filters, the writer. */
import type { TaskContext } from '#spi/context.ts';
import type { Json } from '#spi/json.ts';
import type { RangeFile, RangeParser } from '#spi/ranges.ts';
import { closeAfter } from '#engine/close-after.ts';
import { openFilters } from '#engine/filter-chain.ts';
import type { FilterChain } from '#engine/filter-chain.ts';
import type { SourceRanges } from '#engine/source.ts';
import type { TargetRanges } from '#engine/target.ts';
import type { Pipeline } from '#engine/task.ts';
import type { PieceWriter } from './piece-writer.ts';

/** The sides of a pipeline that work in ranges. */
export interface RangeSides {
  readonly source: SourceRanges;
  readonly target: TargetRanges;
}

export interface Station {
  readonly file: RangeFile;
  readonly parser: RangeParser;
  readonly filters: FilterChain;
  readonly writer: PieceWriter;
  /** Closes all of it. Throws when the file has changed meanwhile. */
  close(): Promise<void>;
}

/** Undefined when files go through this pipeline in one stream. */
export function rangeSides({ source, filters, target }: Pipeline): RangeSides | undefined {
  const isRowwise = filters.every(
    ({ plugin, section }) => plugin.isRowwise === true && plugin.needsOrder?.(section.config) !== true,
  );
  if (!isRowwise || source.ranges === undefined || target.ranges === undefined) return undefined;
  return { source: source.ranges, target: target.ranges };
}

/** Undefined when this file, or its parser with these settings, does not work in ranges. */
export async function openStation(
  sides: RangeSides,
  pipeline: Pipeline,
  task: Json,
  ctx: TaskContext,
): Promise<Station | undefined> {
  const file = await sides.source.open(task, ctx);
  if (file === undefined) return undefined;
  let parser: RangeParser | undefined;
  let filters: FilterChain | undefined;
  const close = async (): Promise<void> => {
    parser?.close();
    try {
      await filters?.close();
    } finally {
      await file.close();
    }
  };
  try {
    parser = sides.source.parser();
    if (parser !== undefined) {
      filters = openFilters(pipeline.filters, pipeline.inputSchema, ctx);
      return { file, parser, filters, writer: sides.target.writer(filters.schema), close };
    }
  } catch (error) {
    await closeAfter(error, close);
    throw error;
  }
  await close();
  return undefined;
}
