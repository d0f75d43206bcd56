/** `ropeway preview config.yml`: the first records as the output would get them. */
import { previewJob } from '#engine/preview.ts';
import { openCatalog } from '#cli/catalog.ts';
import { runCommand } from '#cli/command-context.ts';
import type { SharedOptions } from '#cli/command-line.ts';
import { openPreviewJob } from '#cli/config-file.ts';
import type { Installation } from '#cli/installation.ts';
import { previewJson, previewTable, previewVertical } from '#cli/preview-table.ts';

export interface PreviewOptions extends SharedOptions {
  readonly vertical?: boolean;
  readonly strict?: boolean;
}

export function preview(configPath: string, options: PreviewOptions, installation: Installation): Promise<number> {
  return runCommand(options, async (ctx) => {
    const { catalog } = await openCatalog(options, installation);
    const { job, isVertical } = await openPreviewJob(ctx, configPath, { ...options, catalog });
    const records = await previewJob(job, { catalog, log: ctx.log, signal: ctx.signal });
    const print = ctx.isJson ? previewJson : (options.vertical ?? isVertical) ? previewVertical : previewTable;
    ctx.terminal.out(print(records));
  });
}
