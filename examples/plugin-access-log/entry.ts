/** One line of a log, taken apart. */
import { accessLogErrors } from './errors.ts';

export interface LogEntry {
  readonly host: string;
  readonly user: string | undefined;
  /** Seconds since 1970. */
  readonly time: number;
  readonly method: string | undefined;
  readonly path: string;
  readonly status: bigint;
  readonly size: bigint | undefined;
  readonly referrer: string | undefined;
  readonly agent: string | undefined;
}

const quoted = '"((?:[^"\\\\]|\\\\.)*)"';
const common = `^(\\S+) \\S+ (.+?) \\[([^\\]]+)\\] ${quoted} (\\d{3}) (\\d{1,18}|-)`;
const patterns = {
  common: new RegExp(`${common}(?: .*)?$`),
  combined: new RegExp(`${common} ${quoted} ${quoted}(?: .*)?$`),
} as const;

export type LogFormat = keyof typeof patterns;

/** Throws what is wrong with the line. */
export function entryOf(line: string, format: LogFormat): LogEntry {
  const match = patterns[format].exec(line);
  if (match === null) throw accessLogErrors.error('ACCESS_LOG_LINE', { format });
  // The pattern has matched: all groups of it are there, but for those that the common format does not have.
  const [, host = '', user = '', time = '', request = '', status = '', size = '', referrer, agent] = match;
  const [, method, path = request] = /^(\S+) (.*) \S+$/.exec(request) ?? [];
  return {
    host,
    user: present(user),
    time: secondsOf(time),
    method,
    path,
    status: BigInt(status),
    size: size === '-' ? undefined : BigInt(size),
    referrer: present(referrer),
    agent: present(agent),
  };
}

/** A dash stands for nothing. */
function present(text: string | undefined): string | undefined {
  return text === '-' ? undefined : text;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `10/Oct/2000:13:55:36 -0700` */
function secondsOf(text: string): number {
  const match = /^(\d\d)\/(\w{3})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)$/.exec(text);
  const [, day, month = '', year, clock, hours, minutes] = match ?? [];
  const number = String(months.indexOf(month) + 1).padStart(2, '0');
  const milliseconds = Date.parse(`${year}-${number}-${day}T${clock}${hours}:${minutes}`);
  if (Number.isNaN(milliseconds)) throw accessLogErrors.error('ACCESS_LOG_TIME', { text });
  return milliseconds / 1000;
}
