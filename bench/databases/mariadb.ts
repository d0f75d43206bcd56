/** Jobs from and to MariaDB: `npm run bench -- --only mariadb`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileResult, noResult, type Contender } from '#bench/contender.ts';
import type { DataFile } from '#bench/data.ts';
import { THREADS, type Job } from '#bench/jobs.ts';
import type { Command } from '#bench/measure.ts';
import { installPeer } from '#bench/peers/npm-peer.ts';
import { outputFile, ropewayCommand } from '#bench/ropeway.ts';
import { mysql2 } from './mariadb-rows.ts';
import type { ServerJobs } from '#bench/server-jobs.ts';
import { PASSWORD, startMariaDb, type MariaDb } from './mariadb-server.ts';

export const mariadbJobIds = ['mariadb-jsonl-gz', 'csv-mariadb'] as const;
const [readId, writeId] = mariadbJobIds;

const SOURCE_TABLE = 'narrow';
const columnTypes = 'c1 BIGINT, c2 VARCHAR(200), c3 BIGINT, c4 DOUBLE, c5 TEXT';

export async function mariadbJobs(data: DataFile): Promise<ServerJobs> {
  const server = await startMariaDb();
  if (server === undefined) {
    const absent = ['Absent: MariaDB: install the Debian package mariadb-server'];
    return { jobs: [], absent, async [Symbol.asyncDispose]() {} };
  }
  try {
    return { jobs: jobsOf(server, data), absent: [], [Symbol.asyncDispose]: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Fills the table that is read, by the server's own means, and declares the jobs. */
function jobsOf(server: MariaDb, data: DataFile): readonly Job[] {
  server.sql(`CREATE TABLE bench.${SOURCE_TABLE} (${columnTypes}); ${loadSql(data, SOURCE_TABLE)}`);
  server.sql(`CREATE TABLE bench.loaded (${columnTypes}); CREATE TABLE bench.loaded_by_client (${columnTypes})`);
  const file = outputFile('jsonl.gz');
  const own = contender('Ropeway', data, fileResult(data, 'jsonl', file), (folder) => [
    [job(folder, readConfig(server, folder))],
  ]);
  const loopName = 'mysql2 row objects + JSON.stringify + Node gzip 1';
  const loop = contender(loopName, data, fileResult(data, 'jsonl', 'out.jsonl.gz'), (folder) => [
    [rowObjects(server, join(folder, 'out.jsonl.gz'))],
  ]);
  const isLoopHere = installPeer(mysql2) === undefined;
  return [
    { id: readId, title: 'MariaDB → JSON-lines.gz', contenders: isLoopHere ? [own, loop] : [own] },
    {
      id: writeId,
      title: 'narrow CSV → MariaDB',
      contenders: [
        contender('Ropeway, replace', data, noResult, (folder) => [[job(folder, writeConfig(server, data))]]),
        contender('LOAD DATA LOCAL of the mariadb client', data, noResult, () => [[clientLoad(server, data)]]),
      ],
    },
  ];
}

function contender(name: string, data: DataFile, result: Contender['result'], phases: Contender['phases']): Contender {
  return { name, data, threads: THREADS, result, phases };
}

function connection({ port }: MariaDb): object {
  return { type: 'mysql', host: '127.0.0.1', port, user: 'bench', password: PASSWORD, database: 'bench' };
}

function readConfig(server: MariaDb, folder: string): object {
  const encoders = [{ type: 'gzip', level: 1 }];
  const out = {
    type: 'file',
    path_prefix: join(folder, 'out'),
    file_ext: 'jsonl.gz',
    formatter: { type: 'jsonl' },
    encoders,
  };
  return { in: { ...connection(server), table: SOURCE_TABLE }, out };
}

function writeConfig(server: MariaDb, { path, columns }: DataFile): object {
  const parser = { type: 'csv', charset: 'UTF-8', newline: 'LF', skip_header_lines: 1, columns };
  const options = { c2: { type: 'VARCHAR(200)' } };
  const out = { ...connection(server), table: 'loaded', mode: 'replace', column_options: options };
  return { in: { type: 'file', path_prefix: path, parser }, out };
}

function job(folder: string, sections: object): Command {
  const config = join(folder, 'config.yml');
  writeFileSync(config, JSON.stringify({ ...sections, exec: { min_output_tasks: 1, max_threads: THREADS } }));
  return ropewayCommand(['run', config, '--json']);
}

function rowObjects({ port }: MariaDb, out: string): Command {
  const program = join(import.meta.dirname, 'mariadb-rows.ts');
  const args = [program, String(port), SOURCE_TABLE, out];
  return { command: process.execPath, args, env: { BENCH_PASSWORD: PASSWORD } };
}

/** Empty numbers are NULL, and what is quoted is a text. */
function loadSql({ path }: DataFile, table: string): string {
  const file = `LOAD DATA LOCAL INFILE '${path}' INTO TABLE bench.${table} CHARACTER SET utf8mb4`;
  const format = `FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' ESCAPED BY '' LINES TERMINATED BY '\\n' IGNORE 1 LINES`;
  return `${file} ${format} (c1, c2, c3, @c4, @c5) SET c4 = NULLIF(@c4, ''), c5 = NULLIF(@c5, '')`;
}

function clientLoad({ port }: MariaDb, data: DataFile): Command {
  const sql = `TRUNCATE bench.loaded_by_client; ${loadSql(data, 'loaded_by_client')}`;
  const server = ['-h127.0.0.1', `-P${port}`, '-ubench', '--local-infile=1'];
  return { command: 'mariadb', args: ['--no-defaults', ...server, '-e', sql], env: { MYSQL_PWD: PASSWORD } };
}
