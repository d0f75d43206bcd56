/** Runs whole processes and measures them: wall time, CPU time of all threads, and the memory they needed at most. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where stdout goes; without it, it is kept. */
  readonly stdout?: string;
}

export interface Measurement {
  readonly seconds: number;
  /** User and system; not known for every program where GNU time is missing. */
  readonly cpuSeconds: number | undefined;
  readonly rssMegabytes: number | undefined;
  /** The end of what the last command printed, on stdout and stderr. */
  readonly output: string;
}

interface Usage {
  readonly cpuSeconds: number;
  readonly rssMegabytes: number;
}

/** A process that takes longer hangs. */
const RUN_MS_MAX = 15 * 60_000;

const OUTPUT_CHARACTERS_KEPT = 1 << 16;

let timeCommand: string | null | undefined;

/** GNU time, looked for at its first use, because it may be installed until then; null: there is none. */
function gnuTime(): string | null {
  // The shell has a word of this name, and other systems another program: this asks for GNU's.
  const isGnu = (path: string): boolean => existsSync(path) && spawnSync(path, ['-f', '%M', 'true']).status === 0;
  timeCommand ??= ['/usr/bin/time', '/usr/local/bin/time'].find(isGnu) ?? null;
  return timeCommand;
}

export function usageIsMeasuredBy(): string {
  return gnuTime() === null ? 'process.resourceUsage()' : 'GNU time';
}

/** Phases run one after the other, the commands of a phase at once. Every exit code must be 0. */
export async function measure(phases: readonly (readonly Command[])[], scratchFolder: string): Promise<Measurement> {
  let usage: Usage | undefined = { cpuSeconds: 0, rssMegabytes: 0 };
  let output = '';
  gnuTime();
  const start = process.hrtime.bigint();
  let end = start;
  for (const [index, phase] of phases.entries()) {
    const runs = phase.map((command, place) => run(command, join(scratchFolder, `usage-${index}-${place}`)));
    const results = await Promise.all(runs);
    end = process.hrtime.bigint();
    usage = addPhase(
      usage,
      results.map((result) => result.usage()),
    );
    output = results.at(-1)?.output ?? '';
  }
  const seconds = Number(end - start) / 1e9;
  return { seconds, cpuSeconds: usage?.cpuSeconds, rssMegabytes: usage?.rssMegabytes, output };
}

/** CPU time adds up; memory adds up within a phase, and the largest phase counts. */
function addPhase(before: Usage | undefined, phase: readonly (Usage | undefined)[]): Usage | undefined {
  let { cpuSeconds, rssMegabytes } = { cpuSeconds: before?.cpuSeconds ?? 0, rssMegabytes: 0 };
  for (const usage of phase) {
    if (usage === undefined || before === undefined) return undefined;
    cpuSeconds += usage.cpuSeconds;
    rssMegabytes += usage.rssMegabytes;
  }
  return { cpuSeconds, rssMegabytes: Math.max(before?.rssMegabytes ?? 0, rssMegabytes) };
}

interface Run {
  readonly output: string;
  readonly usage: () => Usage | undefined;
}

async function run(command: Command, usageFile: string): Promise<Run> {
  rmSync(usageFile, { force: true });
  const [program, ...args] = withUsage(command, usageFile);
  const target = command.stdout === undefined ? 'pipe' : openSync(command.stdout, 'w');
  try {
    const output = await finish({ program, args, target, env: environment(command, usageFile) });
    return { output, usage: () => readUsage(usageFile) };
  } finally {
    if (typeof target === 'number') closeSync(target);
  }
}

function withUsage({ command, args }: Command, usageFile: string): [string, ...string[]] {
  const time = gnuTime();
  if (time === null) return [command, ...args];
  return [time, '-q', '-f', '%U %S %M', '-o', usageFile, command, ...args];
}

function environment(command: Command, usageFile: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, ...command.env };
  // Either would be paid for at every start of Node: extra certificates take longer to read than a small job.
  delete env['NODE_EXTRA_CA_CERTS'];
  delete env['NODE_OPTIONS'];
  if (gnuTime() !== null) return env;
  const preload = join(import.meta.dirname, 'usage-preload.ts');
  return { ...env, NODE_OPTIONS: `--import=${preload}`, ROPEWAY_BENCH_USAGE: usageFile };
}

interface Process {
  readonly program: string;
  readonly args: readonly string[];
  readonly target: 'pipe' | number;
  readonly env: NodeJS.ProcessEnv;
}

function finish({ program, args, target, env }: Process): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', target, 'pipe'], env, timeout: RUN_MS_MAX });
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (piece: Buffer) => (stdout = (stdout + piece).slice(-OUTPUT_CHARACTERS_KEPT)));
    child.stderr?.on('data', (piece: Buffer) => (stderr = (stderr + piece).slice(-OUTPUT_CHARACTERS_KEPT)));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(stdout + stderr);
      else
        reject(new Error(`it ended with ${signal ?? `exit code ${code}`}: ${(stderr + stdout).trim().slice(-2000)}`));
    });
  });
}

function readUsage(file: string): Usage | undefined {
  if (!existsSync(file)) return undefined;
  const [user = NaN, system = NaN, kibibytes = NaN] = readFileSync(file, 'utf8').trim().split(/\s+/).map(Number);
  return { cpuSeconds: user + system, rssMegabytes: (kibibytes * 1024) / 1e6 };
}
