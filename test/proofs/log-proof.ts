/**
 * An engine that prints without end, and a control plane that does not always take its log: every line that was printed
 * has come or is counted in a gap, in order, and the run does not notice.
 */
import { assert } from '#spi/assert.ts';
import { runnerControl } from '#test/kit/runner-control.ts';
import type { RunnerControl } from '#test/kit/runner-control.ts';
import { scriptedAttempt, scriptedOrder } from '#test/kit/scripted-attempt.ts';

export interface LogPlan {
  readonly megabytes: number;
  readonly lineBytes: number;
  /** Bytes of any value, which cannot be packed. */
  readonly isBinary?: boolean;
  /** The endpoint takes nothing for so long, from the first chunk on. */
  readonly downMs?: number;
}

export interface LogProof {
  readonly lines: number;
  readonly bytes: number;
  /** Of them in gaps. */
  readonly lostLines: number;
  readonly lostBytes: number;
  readonly gaps: number;
  /** Chunks that were not taken. */
  readonly refusals: number;
  /** That the engine took to print. */
  readonly printMs: number;
  /** Of this process, which is the runner. */
  readonly memoryMbMax: number;
}

const MEMORY_LOOK_MS = 100;

export async function proveLogs(plan: LogPlan): Promise<LogProof> {
  const { megabytes, lineBytes, isBinary = false, downMs = 0 } = plan;
  const script = { print_mb: megabytes, line_bytes: lineBytes, is_binary: isBinary };
  await using control = await runnerControl({ work: scriptedOrder(script, { run_timeout_s: 43_200 }) });
  let downUntil: number | undefined;
  let refusals = 0;
  control.fault = (call) => {
    if (call !== 'logs' || downMs === 0) return undefined;
    downUntil ??= performance.now() + downMs;
    if (performance.now() >= downUntil) return undefined;
    refusals += 1;
    return { status: 503 };
  };
  let memory = 0;
  const looking = setInterval(() => (memory = Math.max(memory, process.memoryUsage.rss())), MEMORY_LOOK_MS);
  const { exitCode, termination } = await scriptedAttempt(control, { divisor: 1 });
  clearInterval(looking);
  const { result, outcome } = await control.finished();
  assert(exitCode === 0 && outcome === 'succeeded' && termination.is_reported, 'the run ends as if nothing had been');
  const [bytes, lines] = [Number(result['printed_bytes']), Number(result['printed_lines'])];
  assert(bytes >= megabytes * 1024 * 1024, `all was printed: ${bytes} bytes`);
  const found = tally(control, lineBytes);
  const lostLines = found.gaps.reduce((sum, gap) => sum + gap.lines, 0);
  const lostBytes = found.gaps.reduce((sum, gap) => sum + gap.bytes, 0);
  assert(found.lines + lostLines === lines, `${found.lines} lines came, ${lostLines} are missing, of ${lines}`);
  // What was no text cannot be counted by what has come.
  if (!isBinary) assert(found.bytes + lostBytes === bytes, `${found.bytes} + ${lostBytes} of ${bytes} bytes`);
  return {
    lines,
    bytes,
    lostLines,
    lostBytes,
    gaps: found.gaps.length,
    refusals,
    printMs: Number(result['elapsed_ms']),
    memoryMbMax: Math.round(memory / 1024 / 1024),
  };
}

interface Gap {
  readonly lines: number;
  readonly bytes: number;
}

/** Lines that came, and what is said to be missing. A line that a gap cuts has lost its end to the gap. */
function tally(control: RunnerControl, lineBytes: number): { lines: number; bytes: number; gaps: readonly Gap[] } {
  let [lines, bytes] = [0, 0];
  const gaps: Gap[] = [];
  for (const { message, fields = {} } of control.lines) {
    // As the runner writes it.
    const gap = fields['gap'] as Gap | undefined;
    if (gap !== undefined) gaps.push(gap);
    else if (fields['source'] !== 'runner') {
      lines += 1;
      bytes += Number(fields['cut_bytes'] ?? (message.length < lineBytes - 1 ? message.length : lineBytes));
    }
  }
  return { lines, bytes, gaps };
}
