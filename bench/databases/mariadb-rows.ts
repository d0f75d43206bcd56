/** mysql2 → row objects → JSON.stringify → gzip: how a program of one's own would read a table. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipFile, LinesOfObjects } from '#bench/peers/json-lines.ts';
import { importPeer, type NpmPeer } from '#bench/peers/npm-peer.ts';

export const mysql2: NpmPeer = { package: 'mysql2', version: '3.24.6' };

interface Driver {
  readonly default: {
    createConnection(options: object): {
      query(sql: string): { stream(options: object): Readable };
      end(): void;
    };
  };
}

if (import.meta.main) {
  const [port = '', table = '', out = ''] = process.argv.slice(2);
  const { default: driver } = await importPeer<Driver>(mysql2);
  const account = { user: 'bench', password: process.env['BENCH_PASSWORD'], database: 'bench' };
  const types = { supportBigNumbers: true, dateStrings: true };
  const connection = driver.createConnection({ host: '127.0.0.1', port: Number(port), ...account, ...types });
  let rows = 0;
  const { entry, done } = gzipFile(out);
  const source = connection.query(`SELECT * FROM ${table}`).stream({ highWaterMark: 1000 });
  source.on('data', () => (rows += 1));
  await pipeline(source, new LinesOfObjects(), entry);
  await done;
  connection.end();
  process.stdout.write(`${JSON.stringify({ rows })}\n`);
}
