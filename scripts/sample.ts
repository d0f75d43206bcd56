/** `npm run sample`: a first load without a server, step by step, with the commands that anybody could type. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { repository } from './source-files.ts';

const folder = join(repository, 'out');
const bold = (text: string): string => styleText('bold', text);
const dim = (text: string): string => styleText('dim', text);

function step(number: number, title: string, args: readonly string[]): string {
  console.log(`\n${bold(`${number}. ${title}`)}\n${dim(`   $ ropeway ${args.join(' ')}`)}\n`);
  const command = [join(repository, 'bin', 'ropeway.js'), ...args];
  const run = spawnSync(process.execPath, command, { cwd: repository, encoding: 'utf8' });
  const said = `${run.stderr}${run.stdout}`.trimEnd();
  console.log(said.replace(/^/gm, '   '));
  if (run.status !== 0) {
    console.error('\nThe sample transfer did not work. Please report this with the lines above.');
    process.exit(run.status ?? 1);
  }
  return run.stdout;
}

console.log(bold('Ropeway') + ' — the sample transfer: a CSV file into compressed JSON lines.');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
writeFileSync(
  join(folder, 'seed.yml'),
  `in:
  type: file
  path_prefix: examples/orders
out:
  type: file
  path_prefix: out/orders_
  file_ext: jsonl.gz
  formatter: {type: jsonl}
  encoders: [{type: gzip}]
exec: {min_output_tasks: 1}
preview_sample_rows: 5
`,
);
step(1, 'Find out how the file is written', ['guess', 'out/seed.yml', '-o', 'out/config.yml']);
step(2, 'Look at the first records', ['preview', 'out/config.yml']);
step(3, 'Load it', ['run', 'out/config.yml']);

const made = join(folder, 'orders_000.00.jsonl.gz');
const lines = gunzipSync(readFileSync(made)).toString('utf8').trimEnd().split('\n');
console.log(`
${bold('Done.')} ${lines.length.toLocaleString('en-US')} records are in out/orders_000.00.jsonl.gz (${statSync(made).size} bytes). The first:

   ${lines[0] ?? ''}

${bold('Try next')}
   Look at what was found out:     cat out/config.yml
   Change a column, look again:    npx ropeway preview out/config.yml
   Check a config without running: npx ropeway lint out/config.yml
   All plugins and their options:  npx ropeway plugins
   Your own Embulk config:         npx ropeway run config.yml
`);
