/** The commands about schedules, and their options. */
import { Option } from 'commander';
import type { Command } from 'commander';
import { collect } from './command-line.ts';
import type { Call } from './command-entry.ts';

interface Makers {
  /** A command of the group. */
  readonly sub: (group: Command, words: string, description: string) => Command;
  readonly list: (group: Command, description: string, words?: string) => Command;
}

export function addSchedules(program: Command, { done }: Call, { sub, list }: Makers): void {
  const group = program.command('schedules').description('when transfers of a server run by themselves');
  const load = () => import('./commands/schedules.ts');
  list(group, 'list them, the next to run first')
    .option('--q <text>', 'part of the name of the transfer')
    .option('--transfer <name>', 'only of this transfer')
    .option('--group <name>', 'only of transfers of this group')
    .addOption(new Option('--on', 'only those that are on').conflicts('off'))
    .option('--off', 'only those that are off')
    .action(async (options) => done(await (await load()).listSchedules(options)));
  withPattern(sub(group, 'create <transfer>', 'let a transfer run by itself'))
    .addOption(
      new Option('--overlap <policy>', 'while a run of it is not over').choices([
        'allow',
        'skip',
        'queue_one',
        'cancel_previous',
      ]),
    )
    .addOption(new Option('--catchup <policy>', 'of slots that were missed').choices(['none', 'latest', 'all']))
    .option('--jitter <seconds>', 'begin up to so many seconds later')
    .option('--var <name=value>', 'value of a variable', collect)
    .option('--off', 'off until it is switched on')
    .action(async (name, options) => done(await (await load()).createSchedule(name, options)));
  withPattern(sub(group, 'next [schedule]', 'when one fires next, or would: with what clocks do to it'))
    .option('--count <count>', 'so many times', '10')
    .action(async (id, options) => done(await (await load()).showFirings(id, options)));
  for (const [word, isOn] of [
    ['on', true],
    ['off', false],
  ] as const) {
    sub(group, `${word} [schedule...]`, `switch schedules ${word}`)
      .option('--transfer <name>', 'all of this transfer')
      .action(async (ids, options) => done(await (await load()).switchSchedules(ids, isOn, options)));
  }
  sub(group, 'delete [schedule...]', 'remove schedules, with what is known of their slots')
    .option('--transfer <name>', 'all of this transfer')
    .action(async (ids, options) => done(await (await load()).deleteSchedules(ids, options)));
  sub(group, 'calendar <schedule>', 'what became of its slots')
    .requiredOption('--from <time>', 'the first one: 2026-01-31, or 7d')
    .option('--until <time>', 'the last one is before this; by default now')
    .option('--status <status>', 'only these: done, running, failed, waiting, skipped, missing, planned', collect)
    .action(async (id, options) => done(await (await load()).showCalendar(id, options)));
  addBackfills(group, done, { sub, list });
}

function withPattern(command: Command): Command {
  return command
    .option('--hourly <minute>', 'each hour at this minute')
    .option('--daily <time>', 'each day at this time: 09:30')
    .option('--weekly <days>', 'on these days at --at: mon,fri')
    .option('--monthly <days>', 'on these days of each month at --at: 1,15,last')
    .option('--at <time>', 'time of day for --weekly and --monthly')
    .option('--every <minutes>', 'so many minutes after each other')
    .option('--cron <expression>', 'five fields of cron')
    .option('--zone <name>', 'time zone such as Asia/Tokyo; by default the one of this machine');
}

function addBackfills(group: Command, done: Call['done'], { sub, list }: Makers): void {
  const load = () => import('./commands/backfills.ts');
  sub(group, 'backfill <schedule>', 'run its slots of a range, each once, and print the id of the back-fill')
    .requiredOption('--from <time>', 'the first one: 2026-01-31, or 7d')
    .option('--until <time>', 'the last one is before this; by default now')
    .option('--newest-first', 'from the last one to the first')
    .option('--redo', 'also those that have succeeded')
    .option('--concurrency <count>', 'so many at the same time', '1')
    .option('--failures-max <count>', 'pause after so many failures in a row, or none', '10')
    .option('--wait', 'stay until its end: 0 when all succeeded, 1 when not; Ctrl-C leaves it running')
    .action(async (id, options) => done(await (await load()).startBackfill(id, options)));
  list(group, 'list the back-fills, the latest first', 'backfills')
    .option('--schedule <id>', 'only of this schedule')
    .action(async (options) => done(await (await load()).listBackfills(options)));
  for (const [word, description] of [
    ['pause', 'let no further slot of a back-fill begin'],
    ['resume', 'go on with a back-fill'],
  ] as const) {
    sub(group, `${word} <backfill>`, description).action(async (id, options) =>
      done(await (await load()).changeBackfill(id, word, options)),
    );
  }
  sub(group, 'cancel <backfill>', 'end a back-fill')
    .option('--stop-runs', 'end its runs, too')
    .action(async (id, options) => done(await (await load()).changeBackfill(id, 'cancel', options)));
}
