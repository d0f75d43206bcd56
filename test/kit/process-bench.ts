/** The process executor over a temporary folder, with runners that are a few lines of shell. */
import { appendFile, mkdtemp, readFile, rm, writeFile, mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processExecutor } from '#control/dispatch/executors/process.ts';
import type { ProcessExecutorOptions } from '#control/dispatch/executors/process.ts';
import { installationId } from './executor-conformance.ts';
import type { Behaviour, ExecutorBench } from './executor-conformance.ts';
import { until } from './until.ts';

/** Says that it has started, with the token that it was given, and then does what its run's file says. */
const RUNNER = `
IFS= read -r token <&3
echo "$$ $token" >> "$1/$ROPEWAY_RUN_ID.starts"
. "$1/$ROPEWAY_RUN_ID"
`;

export interface ProcessBench extends ExecutorBench {
  readonly dataFolder: string;
  readonly options: ProcessExecutorOptions;
  /** A file of an attempt's folder. */
  file(name: string, file: string): string;
  /** Lines of shell instead of a behaviour. */
  script(runId: string, text: string): Promise<void>;
  /** What each runner of the run said when it started: its number and its token. */
  startLines(runId: string): Promise<string[]>;
}

export async function processBench(changes: Partial<ProcessExecutorOptions> = {}): Promise<ProcessBench> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'ropeway-runs-'));
  const programs = join(dataFolder, 'programs');
  await mkdir(programs);
  const options: ProcessExecutorOptions = {
    dataFolder,
    installationId,
    command: ['/bin/sh', '-c', RUNNER, 'runner', programs],
    pollMs: 20,
    ...changes,
  };
  const executor = await processExecutor(options);
  const file = (name: string, of: string): string => join(dataFolder, 'runs', name, of);
  const script = (runId: string, text: string): Promise<void> => writeFile(join(programs, runId), text);
  const startLines = async (runId: string): Promise<string[]> => {
    const path = join(programs, `${runId}.starts`);
    await appendFile(path, '');
    return (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  };
  return {
    executor,
    dataFolder,
    options,
    file,
    script,
    startLines,
    behave: ({ runId }, behaviour) => script(runId, scriptOf(behaviour)),
    waits: ({ runId }) =>
      until('the runner waits', async () => existsSync(join(programs, `${runId}.waits`)) || undefined),
    restarted: () => processExecutor(options),
    starts: async ({ runId }) => (await startLines(runId)).length,
    async launchWithLostAnswer(spec) {
      await executor.launch(spec, new AbortController().signal);
    },
    async lose(name) {
      for (const process of ['claimed', 'runner']) await killIn(file(name, process));
    },
    async intrude(name) {
      await mkdir(file(name, ''));
      await writeFile(file(name, 'letter.txt'), 'somebody’s');
    },
    async [Symbol.asyncDispose]() {
      for await (const { name, ref } of executor.list()) await executor.remove(name, ref);
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

async function killIn(path: string): Promise<void> {
  const pid = Number((await readFile(path, 'utf8')).split(' ')[0]);
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was gone.
  }
}

function scriptOf(behaviour: Behaviour): string {
  const forEver = ': > "$1/$ROPEWAY_RUN_ID.waits"; while :; do sleep 0.05; done\n';
  if (behaviour.kind === 'ignores') return `trap '' TERM; ${forEver}`;
  if (behaviour.kind === 'obeys') return `trap 'exit ${behaviour.code}' TERM; ${forEver}`;
  const { code, message, prints = '' } = behaviour;
  const termination = message === undefined ? '' : `printf %s '${message}' > "$ROPEWAY_TERMINATION_FILE"\n`;
  return `${termination}printf %s '${prints}'\nexit ${code}\n`;
}
