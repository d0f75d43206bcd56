/** `ropeway example`: a small CSV file and a seed config, to try the commands on. */
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { runCommand } from '#cli/command-context.ts';
import type { SharedOptions } from '#cli/command-line.ts';
import { cliErrors } from '#cli/errors.ts';

const rows = `id,account,time,purchase,comment
1,32864,2015-01-27 19:23:49,20150127,ropeway
2,14824,2015-01-27 19:01:23,20150127,ropeway carries rows
3,27559,2015-01-28 02:20:02,20150128,"Quotes ""inside"", and a comma"
4,11270,2015-01-29 11:54:36,20150129,山の上まで
`;

export function example(folder: string, options: SharedOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const seedPath = join(folder, 'seed.yml');
    const isThere = await access(seedPath).then(
      () => true,
      () => false,
    );
    if (isThere) throw cliErrors.error('EXAMPLE_EXISTS', { path: seedPath });
    await mkdir(join(folder, 'csv'), { recursive: true });
    await writeFile(join(folder, 'csv', 'sample_01.csv.gz'), gzipSync(rows));
    const prefix = join(folder, 'csv', 'sample_');
    await writeFile(seedPath, `in:\n  type: file\n  path_prefix: ${JSON.stringify(prefix)}\nout:\n  type: stdout\n`);
    const config = join(folder, 'config.yml');
    ctx.terminal.out(`Made ${seedPath} and ${join(folder, 'csv', 'sample_01.csv.gz')}. Try:

  ropeway guess ${seedPath} -o ${config}
  ropeway preview ${config}
  ropeway run ${config}
`);
  });
}
