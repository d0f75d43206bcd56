/** A system in memory that fails in every way a test may ask for, with as many tables as it likes. */
import { z } from 'zod';
import { checkNames, checksOf } from 'ropeway/spi/connections.js';
import type { BrowseRequest, Check, Connection, EntryPage } from 'ropeway/spi/connections.js';
import type { Context } from 'ropeway/spi/context.js';
import { errorCatalogue } from 'ropeway/spi/errors.js';
import { option } from 'ropeway/spi/fields.js';
import { plugin } from 'ropeway/spi/plugin.js';
import type { AnyPlugin } from 'ropeway/spi/plugin.js';
import type { Input } from 'ropeway/spi/records.js';

const faultyErrors = errorCatalogue({
  FAULTY_REFUSED: { kind: 'connector', message: 'The server refuses {what}.', hint: 'Ask the test for {what}.' },
});

const at = z.enum(['resolve', 'connect', 'tls', 'log_in', 'list', 'read', 'write']).optional();
const config = z.strictObject({
  password: option(z.string().default(''), {
    title: 'Password',
    description: 'Told in every message, which is what nobody should do.',
    'x-secret': true,
  }),
  fails_at: option(at, { title: 'Fails', description: 'The check that fails.' }),
  breaks_at: option(at, { title: 'Breaks', description: 'The check that throws what is none of our errors.' }),
  hangs_at: option(at, { title: 'Hangs', description: 'The check that answers never and hears nothing.' }),
  manner: option(z.enum(['sound', 'checkless', 'endless', 'large', 'circular', 'refusing', 'deaf']).default('sound'), {
    title: 'Manner',
    description: 'How listings and checks go wrong.',
  }),
  tables: option(z.number().int().default(50_000), { title: 'Tables', description: 'How many tables there are.' }),
});
type FaultyConfig = z.output<typeof config>;

const connection: Connection<FaultyConfig> = {
  test(settings, _ctx, use) {
    if (settings.manner === 'checkless') return none();
    if (settings.manner === 'endless') return endless();
    return checksOf(
      checkNames.map((name) => ({
        name,
        run: async () => {
          if (settings.hangs_at === name) await new Promise(() => {});
          if (settings.breaks_at === name) throw new TypeError(`no way in with ${settings.password}`);
          if (settings.fails_at === name) throw faultyErrors.error('FAULTY_REFUSED', { what: settings.password });
          return name === 'write' && use === 'in' ? undefined : `It is done with ${settings.password}.`;
        },
      })),
    );
  },
  async browse(settings, request, ctx) {
    switch (settings.manner) {
      case 'circular':
        return { entries: [{ name: 'again', kind: 'table', isContainer: true }], next: 'again' };
      case 'large':
        return { entries: tables(settings, { ...request, limit: request.limit + 1 }).entries };
      case 'refusing':
        throw faultyErrors.error('FAULTY_REFUSED', { what: `the listing to ${settings.password}` });
      case 'deaf':
        return request.after === undefined ? tables(settings, request) : new Promise(() => {});
      default:
        return request.path.length === 0 ? tables(settings, request) : columns(request, ctx);
    }
  },
};

async function* none(): AsyncGenerator<Check> {}

async function* endless(): AsyncGenerator<Check> {
  for (;;) yield { name: 'list', outcome: 'passed', detail: 'Again.', elapsedMs: 0 };
}

function nameOf(index: number): string {
  return `table_${String(index).padStart(6, '0')}`;
}

function tables({ tables: count }: FaultyConfig, { after, limit, prefix = '' }: BrowseRequest): EntryPage {
  const entries: EntryPage['entries'][number][] = [];
  const from = after === undefined ? 0 : Number(after.slice('table_'.length)) + 1;
  for (let index = from; index < count; index++) {
    const name = nameOf(index);
    if (!name.startsWith(prefix)) continue;
    if (entries.length === limit) return { entries, next: entries.at(-1)?.name ?? name };
    entries.push({ name, kind: 'table', isContainer: true, details: { rows: index } });
  }
  return { entries };
}

function columns({ path }: BrowseRequest, ctx: Context): EntryPage {
  ctx.signal.throwIfAborted();
  const [table = ''] = path;
  return { entries: [{ name: `id\u001b[2J of ${table}`, kind: 'column', isContainer: false }] };
}

const input: Input<FaultyConfig> = {
  plan: async () => ({ schema: { columns: [] }, tasks: [] }),
  // oxlint-disable-next-line require-yield -- there are no tasks, and so no records
  async *read() {
    return {};
  },
};

const shared = {
  name: 'faulty',
  title: 'Faulty system',
  summary: 'A system in memory that fails as it is told.',
  stability: 'stable',
  config: async () => config,
  examples: [{ title: 'A sound one', yaml: 'type: faulty\n' }],
} as const;

export const plugins: readonly AnyPlugin[] = [
  plugin({ ...shared, kind: 'input', load: async () => input }),
  plugin({ ...shared, kind: 'connection', load: async () => connection }),
];
