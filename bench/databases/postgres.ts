/**
 * PostgreSQL beside psql, which is the shortest way there is: the bytes of COPY from the server to a file and back. The
 * server is one of its own, the same for all; it does not wait for disks.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileResult, type Contender, type Result } from '#bench/contender.ts';
import type { DataFile } from '#bench/data.ts';
import type { Job } from '#bench/jobs.ts';
import type { Command } from '#bench/measure.ts';
import { ropewayCommand } from '#bench/ropeway.ts';
import type { ServerJobs } from '#bench/server-jobs.ts';
import { postgresMissing, postgresServer, type PostgresServer } from '#test/kit/postgres-server.ts';

export const postgresJobIds: readonly string[] = [
  'postgres-csv-gz',
  'postgres-csv',
  'postgres-postgres',
  'csv-postgres',
];

const SOURCE = 'source';
const TARGET = 'target';

const sqlTypes = {
  boolean: 'boolean',
  long: 'bigint',
  double: 'double precision',
  string: 'text',
  timestamp: 'timestamptz',
  json: 'json',
} as const;

export async function postgresJobs(data: DataFile, threads: number): Promise<ServerJobs> {
  const hasPsql = spawnSync('psql', ['--version']).status === 0;
  if (postgresMissing !== '' || !hasPsql) {
    const absent = ['Absent: PostgreSQL: install the Debian package postgresql'];
    return { jobs: [], absent, async [Symbol.asyncDispose]() {} };
  }
  const server = await postgresServer();
  const bench = new PostgresBench(server, data, threads);
  await bench.prepare();
  return { jobs: bench.jobs(), absent: [], [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

class PostgresBench {
  readonly #server: PostgresServer;
  readonly #data: DataFile;
  readonly #threads: number;
  /** Where psql finds the server. */
  readonly #env: Readonly<Record<string, string>>;
  readonly #definitions: string;
  #sum = '';

  constructor(server: PostgresServer, data: DataFile, threads: number) {
    this.#server = server;
    this.#data = data;
    this.#threads = threads;
    const { host, port, user, password, database } = server.options;
    this.#env = {
      PGHOST: String(host),
      PGPORT: String(port),
      PGUSER: String(user),
      PGPASSWORD: String(password),
      PGDATABASE: String(database),
      // Else a large table is read from where somebody else is reading it: in another order each time.
      PGOPTIONS: '-c synchronize_seqscans=off',
    };
    this.#definitions = data.columns.map(({ name, type }) => `${name} ${sqlTypes[type]}`).join(', ');
  }

  async prepare(): Promise<void> {
    // In the transaction that made the table no room is looked for on pages before: the rows stay in the file's order.
    const steps = ['BEGIN', `CREATE TABLE ${SOURCE} (${this.#definitions})`, this.#copyIn(SOURCE), 'COMMIT'];
    const args = steps.flatMap((step) => ['-c', step]);
    execFileSync('psql', ['-q', '-v', 'ON_ERROR_STOP=1', ...args], { env: { ...process.env, ...this.#env } });
    await this.#server.query(`VACUUM ANALYZE ${SOURCE}`);
    this.#sum = await this.#sumOf(SOURCE);
  }

  jobs(): readonly Job[] {
    const csv = { type: 'csv', newline: 'LF' };
    const gzip = [{ type: 'gzip', level: 1 }];
    const [gz, plain] = ['out.csv.gz', 'out.csv'];
    return [
      {
        id: 'postgres-csv-gz',
        title: 'PostgreSQL → CSV.gz',
        contenders: [
          this.#toFile('Ropeway', { formatter: csv, encoders: gzip, file_ext: 'csv.gz' }),
          this.#toFile('Ropeway, parallel: 2', { formatter: csv, encoders: gzip, file_ext: 'csv.gz' }, 2),
          this.#psql('psql | gzip -1', `psql -qc "${this.#copyOut}" | gzip -1 > ${gz}`, fileOf(this.#data, gz)),
        ],
      },
      {
        id: 'postgres-csv',
        title: 'PostgreSQL → CSV',
        contenders: [
          this.#toFile('Ropeway', { formatter: csv, file_ext: 'csv' }),
          this.#toFile('Ropeway, parallel: 2', { formatter: csv, file_ext: 'csv' }, 2),
          this.#psql('psql > file', `psql -qc "${this.#copyOut}" > ${plain}`, fileOf(this.#data, plain)),
        ],
      },
      {
        id: 'postgres-postgres',
        title: 'PostgreSQL → PostgreSQL',
        contenders: [
          ...this.#intoTarget(() => ({ in: { ...this.#server.options, table: SOURCE } }), ['replace', 'insert_direct']),
          {
            ...this.#intoTarget(
              () => ({ in: { ...this.#server.options, table: SOURCE, parallel: 2 } }),
              ['replace'],
            )[0],
            name: 'Ropeway, parallel: 2, replace',
          } as Contender, // the list has one for each mode
          this.#psql(
            'psql | psql',
            `psql -qc "\\copy ${SOURCE} to stdout" | psql -qc "\\copy ${TARGET} from stdin"`,
            this.#targetResult(),
          ),
        ],
      },
      {
        id: 'csv-postgres',
        title: 'CSV → PostgreSQL',
        contenders: [
          ...this.#intoTarget(() => ({ in: this.#csvInput() }), ['replace', 'insert_direct', 'insert']),
          this.#psql('psql', `psql -qc "${this.#copyIn(TARGET)}"`, this.#targetResult()),
        ],
      },
    ];
  }

  get #copyOut(): string {
    return `\\copy ${SOURCE} to stdout csv header`;
  }

  #copyIn(table: string): string {
    return `\\copy ${table} from '${this.#data.path}' csv header`;
  }

  #csvInput(): object {
    const columns = this.#data.columns.map((column) => ({ ...column }));
    const parser = { type: 'csv', charset: 'UTF-8', newline: 'LF', skip_header_lines: 1, columns };
    return { type: 'file', path_prefix: this.#data.path, parser };
  }

  #toFile(name: string, out: object, parallel = 1): Contender {
    const names = Array.from(
      { length: parallel },
      (_, index) => `out00${index}.00.${'encoders' in out ? 'csv.gz' : 'csv'}`,
    );
    const { columns, whole } = this.#data;
    return {
      name,
      data: this.#data,
      threads: this.#threads,
      result: {
        kind: 'files',
        format: 'csv',
        columns,
        expected: whole,
        parts: (folder) => names.map((file) => [join(folder, file)]),
      },
      phases: (folder) => {
        const input = { ...this.#server.options, table: SOURCE, parallel };
        const output = { type: 'file', path_prefix: join(folder, 'out'), ...out };
        return [[this.#job(folder, { in: input, out: output })]];
      },
    };
  }

  #intoTarget(config: () => object, modes: readonly string[]): readonly Contender[] {
    return modes.map((mode) => ({
      name: `Ropeway, ${mode}`,
      data: this.#data,
      threads: this.#threads,
      result: this.#targetResult(),
      phases: (folder) => {
        this.#emptyTarget();
        return [[this.#job(folder, { ...config(), out: { ...this.#server.options, table: TARGET, mode } })]];
      },
    }));
  }

  #job(folder: string, config: object): Command {
    const file = join(folder, 'config.yml');
    const exec = { min_output_tasks: 1, max_threads: this.#threads };
    writeFileSync(file, JSON.stringify({ ...config, exec }));
    return ropewayCommand(['run', file, '--json']);
  }

  /** A line for the shell, in the folder. */
  #psql(name: string, line: string, result: Result): Contender {
    return {
      name,
      data: this.#data,
      threads: this.#threads,
      result,
      phases: (folder) => {
        this.#emptyTarget();
        return [[{ command: 'bash', args: ['-c', `set -o pipefail; cd '${folder}'; ${line}`], env: this.#env }]];
      },
    };
  }

  #emptyTarget(): void {
    const sql = `SET client_min_messages = error; DROP TABLE IF EXISTS ${TARGET}; CREATE TABLE ${TARGET} (${this.#definitions}); CHECKPOINT`;
    for (const statement of sql.split('; ')) {
      execFileSync('psql', ['-qc', statement], { env: { ...process.env, ...this.#env }, stdio: 'ignore' });
    }
  }

  #targetResult(): Result {
    return {
      kind: 'elsewhere',
      difference: async () => {
        const sum = await this.#sumOf(TARGET);
        return sum === this.#sum ? undefined : `the table has other rows: ${sum}, not ${this.#sum}`;
      },
    };
  }

  /** The number of rows, and a sum of what is in them. */
  async #sumOf(table: string): Promise<string> {
    const rows = await this.#server.query(
      `SELECT count(*)::text || ' ' || sum(hashtextextended(whole_row::text, 0)) FROM ${table} AS whole_row`,
    );
    return String(rows[0]?.[0]);
  }
}

function fileOf(data: DataFile, name: string): Result {
  return fileResult(data, 'csv', name);
}
