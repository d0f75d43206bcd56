/** `ropeway server`: the control plane, all in one process or a part of it. */
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openControlPlane } from '#control/control-plane.ts';
import type { Role } from '#control/control-plane.ts';
import { processExecutor } from '#control/dispatch/executors/process.ts';
import { TOKEN_FILE } from '#control/first-start.ts';
import { makeLog } from '#control/log.ts';
import { SAMPLE_NAME } from '#control/sample-transfer.ts';
import type { LogLevel } from '#control/log.ts';
import { openCatalog } from '#cli/catalog.ts';
import { runCommand } from '#cli/command-context.ts';
import { countOf } from '#cli/command-line.ts';
import type { SharedOptions } from '#cli/command-line.ts';
import { cliErrors } from '#cli/errors.ts';
import type { Installation } from '#cli/installation.ts';

export interface ServerOptions extends SharedOptions {
  readonly data: string;
  readonly host: string;
  /** By default a process without the API does not listen. */
  readonly port?: string;
  readonly controlUrl?: string;
  readonly seats?: string;
  readonly metricsPublic?: boolean;
  readonly retentionDays?: string;
  readonly auditDays?: string;
  readonly publicUrl?: string;
  readonly proxies?: string;
}

interface Parts {
  readonly installation: Installation;
  readonly version: string;
  readonly roles: readonly Role[];
}

const PORT_MAX = 65_535;
/** Divides all waits of the control plane and its runners: for tests. */
const DIVISOR = 'ROPEWAY_TIMER_DIVISOR';

export function server(options: ServerOptions, { installation, version, roles }: Parts): Promise<number> {
  return runCommand(options, async (ctx) => {
    const dataFolder = resolve(options.data);
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    const { catalog } = await openCatalog(options, installation);
    const databaseUrl = process.env['DATABASE_URL'];
    const speed = Number(process.env[DIVISOR] ?? 1);
    const isTest = speed !== 1;
    // Where there are runners of this machine, and so its files.
    const sample = roles.includes('dispatcher') ? sampleFile(installation) : undefined;
    await using plane = await openControlPlane({
      roles,
      databaseUrl: databaseUrl === '' ? undefined : databaseUrl,
      dataFolder,
      host: options.host,
      port: portOf(options.port),
      controlUrl: options.controlUrl,
      version,
      catalog,
      log: makeLog({ level: logLevel(options.logLevel) }),
      environment: process.env,
      seats: options.seats === undefined ? undefined : Number(options.seats),
      publicUrl: publicUrl(options.publicUrl ?? process.env['ROPEWAY_PUBLIC_URL']),
      proxies: options.proxies === undefined ? undefined : countOf(options.proxies, '--proxies'),
      sampleFile: sample,
      retentionDays: retentionDays(options.retentionDays ?? process.env['ROPEWAY_RETENTION_DAYS']),
      auditDays: retentionDays(options.auditDays ?? process.env['ROPEWAY_AUDIT_DAYS']),
      areMetricsPublic: options.metricsPublic,
      speed,
      makeExecutor: (installationId) =>
        processExecutor({
          dataFolder,
          installationId,
          command: [process.execPath, fileURLToPath(new URL('bin/ropeway.js', installation.root)), 'runner'],
          ...(isTest ? { env: { [DIVISOR]: String(speed) } } : {}),
        }),
    });
    if (plane.probesUrl !== undefined) ctx.terminal.say(`Health and metrics are at ${plane.probesUrl}\n`);
    if (plane.url !== undefined) ctx.terminal.say(`Ropeway ${version} is at ${plane.url}\n`);
    // Started by npm, the command is in the folder of the project, where npx finds it.
    const typed = process.env['npm_lifecycle_event'] === undefined ? 'ropeway' : 'npx ropeway';
    if (plane.setupLink !== undefined) {
      ctx.terminal.say(`Set up its owner, within a day: ${plane.setupLink}\n`);
      ctx.terminal.say(`The link is shown this once; \`${typed} users setup-link\` makes another.\n`);
    }
    if (plane.firstToken !== undefined) {
      ctx.terminal.say(`The token of this machine's command line is in ${resolve(dataFolder, TOKEN_FILE)}\n`);
      if (sample !== undefined)
        ctx.terminal.say(`Try the transfer that it came with: ${typed} transfers run ${SAMPLE_NAME} --wait\n`);
    }
    if (!ctx.signal.aborted) await once(ctx.signal, 'abort');
    return 0;
  });
}

/** What people type, without a path: cookies and links are of the whole of it. */
function publicUrl(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || `${url.origin}/` !== url.href) {
    throw cliErrors.error('PUBLIC_URL_INVALID', { value: text.split('@').at(-1)?.slice(0, 100) ?? '' });
  }
  return url.origin;
}

/** It is part of the sources and of the package. */
function sampleFile({ root }: Installation): string | undefined {
  const file = fileURLToPath(new URL('examples/orders.csv', root));
  return existsSync(file) ? file : undefined;
}

/** Runs are not forgotten because of a slip of the pen. */
function retentionDays(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^[1-9]\d{0,4}$/.test(text)) throw cliErrors.error('RETENTION_INVALID', { value: text });
  return Number(text);
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,5}$/.test(text) || Number(text) > PORT_MAX) throw cliErrors.error('PORT_INVALID', { value: text });
  return Number(text);
}

function logLevel(level: string): LogLevel {
  return level === 'trace' ? 'debug' : (level as LogLevel);
}
