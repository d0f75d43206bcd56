/**
 * What starts a runner and stays beside it: a shell of a few hundred kilobytes, in a session of its own, so that the
 * runner outlives whoever launched it and its end is written down whoever is there to see it.
 *
 * Everything it says it says by files of the attempt's folder, one short line each, for which an empty file counts as
 * none: `claimed` (its own pid and start; linking it is the one step that lets a child start, and of any number of
 * supervisors one can), `runner` (pid and start), `exit` (the exit status). It reads `stop` and `engine`.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { files } from './attempt-folder.ts';

/** `$1` a cgroup or nothing, `$2` a nice level, and the command. Read by dash, bash and busybox alike. */
const SCRIPT = `
lost= stopping=
trap 'stopping=1' TERM INT HUP
start_of() {
  if [ -d /proc/self ]; then
    { read -r line < "/proc/$1/stat"; } 2>/dev/null || return 0
    set -- \${line##*) }
    [ "$1" != Z ] && [ "$1" != X ] || return 0
    shift 19
    printf %s "$1"
  else
    LC_ALL=C TZ=UTC ps -o stat=,lstart= -p "$1" | { read -r state start && set -- $start && IFS=_ && printf %s "$*"; }
  fi
}
finish() {
  printf '%s\\n' "$1" > ${files.exit}
  : > "../.ended/\${PWD##*/}"
  exit 0
}
cgroup=$1 nice=$2
shift 2
# The token comes first: without it there is nobody who would hear of a start.
IFS= read -r token <&3 || exit 0
exec 3<&-
printf '%s %s\\n' $$ "$(start_of $$)" > "claim.$$" && ln "claim.$$" ${files.claimed} 2>/dev/null || lost=1
[ -z "$lost" ] || { rm -f "claim.$$"; exit 0; }
[ -z "$cgroup" ] || echo $$ > "$cgroup/cgroup.procs"
[ ! -e ${files.stop} ] && [ ! -e ${files.removing} ] || finish 143
[ "$nice" = 0 ] || set -- nice -n "$nice" "$@"
printf '%s\\n' "$token" | { cd ${files.work} && exec "$@" 3<&0 < /dev/null; } >> ${files.output} 2>&1 &
runner=$!
token=
printf '%s %s\\n' $runner "$(start_of $runner)" > ${files.runner}
# A stop that came before there was a runner to hear it.
[ -z "$stopping" ] || kill -TERM $runner
code=
while :; do
  stopping=
  wait $runner
  now=$?
  # A signal ends the waiting, not the runner; and one that has been waited for is unknown.
  [ $now -ne 127 ] || [ -z "$code" ] || break
  code=$now
  [ -n "$stopping" ] || break
done
if { read -r pid start < ${files.engine}; } 2>/dev/null && [ "$(start_of "$pid")" = "$start" ]; then
  kill -s KILL -- "-$pid"
fi
finish $code
`;

export interface SupervisorOptions {
  /** The attempt's folder. */
  readonly folder: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly token: string;
  readonly cgroup: string | undefined;
  readonly nice: number;
}

/** Starts one; `ended` resolves if it ends while we are here. Throws what the system says when it cannot. */
export async function startSupervisor(options: SupervisorOptions): Promise<{ readonly ended: Promise<void> }> {
  const { folder, command, env, token, cgroup = '', nice } = options;
  const output = openSync(join(folder, files.output), 'a', 0o600);
  try {
    const child = spawn('/bin/sh', ['-c', SCRIPT, 'ropeway-supervisor', cgroup, String(nice), ...command], {
      cwd: folder,
      env,
      detached: true,
      stdio: ['ignore', output, output, 'pipe'],
    });
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    const channel = child.stdio[3];
    if (channel === null || channel === undefined || !('end' in channel)) throw new Error('fd 3 is a pipe');
    // A supervisor that is gone is seen by what it has not claimed.
    channel.on('error', () => undefined);
    channel.end(`${token}\n`);
    child.unref();
    return { ended };
  } finally {
    closeSync(output);
  }
}
