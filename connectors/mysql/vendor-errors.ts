/** What the server, the driver and the operating system say, as errors of ours. */
import { isRopewayError } from '#spi/errors.ts';
import type { ErrorPlace, RopewayError } from '#spi/errors.ts';
import { mysqlServerErrors } from './errors.ts';

type ServerCode = keyof typeof mysqlServerErrors.entries;

/** Error numbers of MySQL, and those of MariaDB where they differ. */
const numbersOf: readonly (readonly [ServerCode, readonly number[]])[] = [
  ['MYSQL_AUTH_FAILED', [1045, 1130, 1251, 1698, 1820, 1862, 3118, 4151]],
  ['MYSQL_DATABASE_MISSING', [1049]],
  ['MYSQL_TABLE_MISSING', [1051, 1109, 1146, 1932]],
  ['MYSQL_COLUMN_MISSING', [1054]],
  ['MYSQL_PRIVILEGE_MISSING', [1044, 1142, 1143, 1227, 1370, 1410]],
  ['MYSQL_CANCELLED', [1317, 1969, 3024]],
  ['MYSQL_DISK_FULL', [1021, 1114]],
  ['MYSQL_RESOURCES', [1040, 1041, 1135, 1203, 1226, 3168]],
  ['MYSQL_CONFLICT', [1205, 1206, 1213, 1412, 3101, 3572, 3675]],
  ['MYSQL_UNAVAILABLE', [1053, 1077, 1290, 1836, 1792, 1927]],
  ['MYSQL_CONNECTION_LOST', [1152, 1158, 1159, 1160, 1161, 1184, 2006, 2013, 4031]],
  ['MYSQL_PACKET_SIZE', [1153, 1301]],
  ['MYSQL_VALUE_REFUSED', [1063, 1264, 1265, 1292, 1300, 1365, 1366, 1367, 1406, 1411, 1416, 1425, 1690, 3140, 3156]],
  [
    'MYSQL_CONSTRAINT',
    [1022, 1048, 1062, 1169, 1216, 1217, 1364, 1451, 1452, 1557, 1586, 1761, 1762, 3730, 3819, 4025],
  ],
];

const codes = new Map(numbersOf.flatMap(([code, numbers]) => numbers.map((number) => [number, code] as const)));

export function serverCode(number: number): ServerCode | undefined {
  return codes.get(number);
}

const systemCodes: Readonly<Record<string, ServerCode>> = {
  ECONNREFUSED: 'MYSQL_CONNECTION_REFUSED',
  ENOENT: 'MYSQL_CONNECTION_REFUSED',
  EACCES: 'MYSQL_CONNECTION_REFUSED',
  EHOSTUNREACH: 'MYSQL_CONNECTION_REFUSED',
  ENETUNREACH: 'MYSQL_CONNECTION_REFUSED',
  ENOTFOUND: 'MYSQL_HOST_UNKNOWN',
  EAI_AGAIN: 'MYSQL_HOST_UNKNOWN',
  ETIMEDOUT: 'MYSQL_CONNECT_TIMEOUT',
  HANDSHAKE_NO_SSL_SUPPORT: 'MYSQL_TLS',
  HANDSHAKE_SSL_ERROR: 'MYSQL_TLS',
};

/** What the driver makes of an error packet. */
interface ServerFault extends Error {
  readonly errno: number;
  readonly sqlMessage?: string;
}

function isServerFault(error: Error): error is ServerFault {
  return 'errno' in error && typeof error.errno === 'number' && error.errno > 0;
}

export function translateError(error: unknown, server: string, place: ErrorPlace = {}): RopewayError {
  if (isRopewayError(error)) return error;
  if (!(error instanceof Error)) return mysqlServerErrors.error('MYSQL_STATEMENT', { server, reason: String(error) });
  if (isServerFault(error)) {
    const reason = `${(error.sqlMessage ?? error.message).replace(/\.$/, '')} (${error.errno})`;
    const code = codes.get(error.errno) ?? 'MYSQL_STATEMENT';
    return mysqlServerErrors.error(code, { server, reason }, { where: { ...place, ...placeIn(reason) }, cause: error });
  }
  return mysqlServerErrors.error(
    driverCode(error),
    { server, reason: reasonOf(error) },
    { where: place, cause: error },
  );
}

/** `… for column 'a' at row 3`: the column. The row is one of the statement, which is nobody's record. */
function placeIn(message: string): ErrorPlace {
  const [, field] = /\bcolumn (?:[`'][^`']*[`']\.[`'][^`']*[`']\.)?[`']([^`']+)[`']/i.exec(message) ?? [];
  return field === undefined ? {} : { field };
}

function driverCode(error: Error): ServerCode {
  const code = 'code' in error ? String(error.code) : '';
  const known = systemCodes[code];
  if (known !== undefined) return known;
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return driverCode(error.errors[0]);
  if (/SSL|TLS|certificate|CERT|SELF_SIGNED|ALTNAME|altnames/i.test(`${code} ${error.message}`)) return 'MYSQL_TLS';
  return 'MYSQL_CONNECTION_LOST';
}

function reasonOf(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  const text = first instanceof Error && error.message === '' ? first.message : error.message;
  return text.replace(/\.$/, '');
}
