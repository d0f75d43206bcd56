/** Sends rows in statements, and makes errors of everything that the server would have changed on the way. */
import { isRopewayError, RopewayError } from '#spi/errors.ts';
import type { MySqlSession } from './client.ts';
import { loadText } from './dialect.ts';
import type { Dialect } from './dialect.ts';
import { mysqlErrors, mysqlServerErrors } from './errors.ts';
import type { TargetColumn } from './target-columns.ts';
import { serverCode } from './vendor-errors.ts';

/** Rows of one statement. */
export interface Load {
  readonly bytes: Buffer;
  /** The records that its rows are. */
  readonly records: readonly number[];
}

export interface LoadTarget {
  readonly dialect: Dialect;
  /** The statement, up to the rows of INSERT. */
  readonly sql: string;
  readonly table: string;
  readonly columns: readonly TargetColumn[];
}

/** Throws when a row has not come in exactly as it was sent. */
export async function sendRows(session: MySqlSession, target: LoadTarget, load: Load): Promise<void> {
  const { dialect, sql, table } = target;
  const expected = load.records.length;
  try {
    // INSERT has a comma behind the last row.
    const { rows, warnings } =
      dialect.name === 'insert'
        ? await session.insert(sql, load.bytes.subarray(0, -1), { table })
        : await session.load(sql, load.bytes, { table });
    if (warnings > 0) throw await warned(session);
    if (rows !== expected) {
      throw mysqlErrors.error('MYSQL_INTERMEDIATE_GONE', { table, found: rows, expected }, { where: { table } });
    }
  } catch (error) {
    throw placed(error, target, load);
  }
}

/** Of one value there are a few at most. */
const WARNINGS_READ_MAX = 8;

/**
 * LOAD DATA LOCAL goes on after what would be an error: it changes the value or leaves the row out, and warns. So does
 * INSERT where the server finds that a value loses little.
 */
async function warned(session: MySqlSession): Promise<Error> {
  const { rows } = await session.query(`SHOW WARNINGS LIMIT ${WARNINGS_READ_MAX}`);
  // The first one that says where.
  const [, number, message] = rows.find(([, , text]) => /\bat row \d/.test(text ?? '')) ?? rows[0] ?? [];
  const reason = `${message ?? 'a value was changed'} (${number ?? '?'})`;
  const code = serverCode(Number(number)) ?? 'MYSQL_VALUE_REFUSED';
  return mysqlServerErrors.error(code === 'MYSQL_STATEMENT' ? 'MYSQL_VALUE_REFUSED' : code, {
    server: session.server,
    reason,
  });
}

/** Tells which record it was, and the value, where the server names row and column. */
function placed(error: unknown, { dialect, columns, table }: LoadTarget, { bytes, records }: Load): unknown {
  if (!isRopewayError(error)) return error;
  const row = Number(/\bat row (\d+)/.exec(error.message)?.[1] ?? 0);
  const record = records[row - 1];
  if (record === undefined) return error;
  const name = columnIn(error.message);
  const index = columns.findIndex((column) => column.name === name);
  const where = { table, record, ...(name === undefined ? {} : { field: name }) };
  const value = index < 0 || dialect !== loadText ? undefined : loadedText(bytes, row - 1, index);
  const isShown = value === undefined || error.message.includes(value);
  const message = isShown ? error.message : error.message.replace(/\.$/, `; the value is '${value}'.`);
  const { code, kind, hint, transient, cause } = error;
  return new RopewayError(code, { kind, message, hint, transient }, { where: { ...error.where, ...where }, cause });
}

function columnIn(message: string): string | undefined {
  return /\bcolumn (?:[`'][^`']*[`']\.)*[`']([^`']+)[`']/i.exec(message)?.[1];
}

const SHOWN_TEXT_MAX = 100;

function loadedText(bytes: Buffer, row: number, column: number): string | undefined {
  let at = 0;
  for (let skipped = 0; skipped < row; skipped++) at = bytes.indexOf(loadText.rowEnd, at) + 1;
  const line = bytes.subarray(at, bytes.indexOf(loadText.rowEnd, at)).toString('utf8');
  return line.split(loadText.separator)[column]?.slice(0, SHOWN_TEXT_MAX);
}
