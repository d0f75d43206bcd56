/** mysql2 → row objects → JSON.stringify → gzip: how a program of one's own would read a table. */
import { pipeline } from 'node:stream/promises';
import { gzipFile, LinesOfObjects } from '#bench/peers/json-lines.ts';
import { createConnection } from 'mysql2';
import { PASSWORD } from './mariadb-server.ts';

const [port = '', table = '', out = ''] = process.argv.slice(2);
const connection = createConnection({
  host: '127.0.0.1',
  port: Number(port),
  user: 'bench',
  password: PASSWORD,
  database: 'bench',
  supportBigNumbers: true,
  dateStrings: true,
});
let rows = 0;
const { entry, done } = gzipFile(out);
const source = connection.query(`SELECT * FROM ${table}`).stream({ highWaterMark: 1000 });
source.on('data', () => (rows += 1));
await pipeline(source, new LinesOfObjects(), entry);
await done;
connection.end();
process.stdout.write(`${JSON.stringify({ rows })}\n`);
