import { errorCatalogue } from '#spi/errors.ts';

/** What the server or the way to it says; the parameters are `server` and `reason`. */
export const mysqlServerErrors = errorCatalogue({
  MYSQL_CONNECTION_REFUSED: {
    kind: 'connector',
    message: 'MySQL at {server} does not answer: {reason}.',
    hint: 'Check `host` and `port`, that the server runs, and that it listens on this address.',
    transient: true,
  },
  MYSQL_HOST_UNKNOWN: {
    kind: 'connector',
    message: 'The host of {server} is not known: {reason}.',
    hint: 'Check `host`, and the name service of this machine.',
    transient: true,
  },
  MYSQL_CONNECT_TIMEOUT: {
    kind: 'connector',
    message: 'MySQL at {server} did not accept a connection in time: {reason}.',
    hint: 'Check firewalls between here and there; `connect_timeout` is the time allowed.',
    transient: true,
  },
  MYSQL_SOCKET_TIMEOUT: {
    kind: 'connector',
    message: 'MySQL at {server} said nothing for {reason}.',
    hint: 'Make the query faster, or raise `socket_timeout`.',
    transient: true,
  },
  MYSQL_CONNECTION_LOST: {
    kind: 'connector',
    message: 'The connection to MySQL at {server} broke: {reason}.',
    hint: 'Look into the log of the server, and at proxies that end idle connections; then run again.',
    transient: true,
  },
  MYSQL_AUTH_FAILED: {
    kind: 'connector',
    message: 'MySQL at {server} does not let this user in: {reason}.',
    hint: 'Check `user`, `password`, and the hosts that the account is for.',
  },
  MYSQL_DATABASE_MISSING: {
    kind: 'connector',
    message: 'MySQL at {server} has no such database: {reason}.',
    hint: 'Check `database`, and `temp_database` if it is set.',
  },
  MYSQL_TLS: {
    kind: 'connector',
    message: 'No encrypted connection to {server} can be made: {reason}.',
    hint: 'Check `ssl` and `ssl_ca` against what the server offers.',
  },
  MYSQL_TABLE_MISSING: {
    kind: 'connector',
    message: 'MySQL at {server} does not find a table: {reason}.',
    hint: 'Check the name and `database`.',
  },
  MYSQL_COLUMN_MISSING: {
    kind: 'connector',
    message: 'MySQL at {server} does not find a column: {reason}.',
    hint: 'Check the names in the config against those of the table.',
  },
  MYSQL_PRIVILEGE_MISSING: {
    kind: 'connector',
    message: 'MySQL at {server} does not allow it: {reason}.',
    hint: 'GRANT the missing right; outputs need SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER and DROP in the database.',
  },
  MYSQL_CANCELLED: {
    kind: 'connector',
    message: 'MySQL at {server} ended a statement early: {reason}.',
    hint: 'A limit of the server, or an administrator, ended it.',
  },
  MYSQL_STOPPED: {
    kind: 'connector',
    message: 'The run was stopped; the connection to {server} was closed ({reason}).',
    hint: 'Run again.',
  },
  MYSQL_DISK_FULL: {
    kind: 'connector',
    message: 'MySQL at {server} has no room left: {reason}.',
    hint: 'Make room there; nothing of this run is visible in the target.',
  },
  MYSQL_RESOURCES: {
    kind: 'connector',
    message: 'MySQL at {server} has not enough resources: {reason}.',
    hint: 'Run fewer tasks at a time, or raise the limits of the server.',
    transient: true,
  },
  MYSQL_CONFLICT: {
    kind: 'connector',
    message: 'Another transaction of MySQL at {server} was in the way: {reason}.',
    hint: 'Run again; nothing of this run is visible in the target.',
    transient: true,
  },
  MYSQL_UNAVAILABLE: {
    kind: 'connector',
    message: 'MySQL at {server} is shutting down, or does not take changes: {reason}.',
    hint: 'Run again when it is up, or connect to the server that takes changes.',
    transient: true,
  },
  MYSQL_PACKET_SIZE: {
    kind: 'data',
    message: 'MySQL at {server} does not take a row of this size: {reason}.',
    hint: 'Raise `max_allowed_packet` of the server.',
  },
  MYSQL_VALUE_REFUSED: {
    kind: 'data',
    message: 'MySQL at {server} refuses a value: {reason}.',
    hint: 'Correct the data, put a filter before the output, or give the column another type. Nothing was committed.',
  },
  MYSQL_CONSTRAINT: {
    kind: 'data',
    message: 'MySQL at {server} refuses a row: {reason}.',
    hint: 'The row breaks a constraint of the table; `mode: merge` updates rows that exist. Nothing was committed.',
  },
  MYSQL_STATEMENT: {
    kind: 'connector',
    message: 'MySQL at {server} refuses a statement: {reason}.',
    hint: 'Check the SQL in the config.',
  },
});

/** What we say ourselves. */
export const mysqlErrors = errorCatalogue({
  MYSQL_CONFIG: {
    kind: 'config',
    message: 'The options do not go together: {reason}.',
    hint: '`ropeway plugins describe mysql` explains them.',
  },
  MYSQL_NO_COLUMNS: {
    kind: 'config',
    message: 'The statement gives no columns: {sql}',
    hint: 'Write a SELECT or another statement that returns rows.',
  },
  MYSQL_CONVERSION: {
    kind: 'config',
    message: "The column '{column}' of type {source} cannot be made {target}.",
    hint: 'Change `type` or `value_type` in `column_options`, or convert it in the query.',
  },
  MYSQL_ZERO_DATE: {
    kind: 'data',
    message: "The column '{column}' holds {value}, which is no day.",
    hint: 'Set `zero_dates: "null"`, read the column with `value_type: string`, or leave such rows out.',
  },
  MYSQL_VALUE: {
    kind: 'data',
    message: "The value '{value}' of the column '{column}' cannot be made {target}.",
    hint: 'Set another `type` for it in `column_options` (`string` takes everything), or convert it in the query.',
  },
  MYSQL_CELL_SIZE: {
    kind: 'data',
    message: "A value of the column '{column}' has {bytes} bytes, more than a record takes ({limit}).",
    hint: 'Leave the column out with `select`.',
  },
  MYSQL_COLUMNS_CHANGED: {
    kind: 'data',
    message: 'The columns have changed since the run was planned.',
    hint: 'Somebody altered the table meanwhile: run again.',
  },
  MYSQL_INCREMENTAL_NULL: {
    kind: 'data',
    message: "The incremental column '{column}' of the last row is null.",
    hint: 'Leave such rows out with `where`, or choose a column that is never null.',
  },
  MYSQL_AMBIGUOUS: {
    kind: 'config',
    message: "'{name}' may mean any of {candidates}.",
    hint: 'Write the name with the same upper and lower case letters.',
  },
  MYSQL_UNMATCHED_COLUMNS: {
    kind: 'config',
    message: 'The table {table} has no columns for these of the input: {columns}. It has: {known}.',
    hint: 'Remove or rename them with a filter, or set `ignore_unmatched_columns: true` to leave them out.',
  },
  MYSQL_MERGE_KEYS: {
    kind: 'config',
    message: 'The rows of {table} cannot be told apart: it has neither a primary key nor a unique one.',
    hint: 'Give the table one, or set `create_table_constraint` for a new table.',
  },
  MYSQL_ENGINE: {
    kind: 'config',
    message: 'The table {table} is of the engine {engine}, which has no transactions: readers would see half a load.',
    hint: 'ALTER TABLE … ENGINE=InnoDB, or use `mode: replace` or one of the direct modes.',
  },
  MYSQL_NO_TABLE: {
    kind: 'config',
    message: '{table} is a view, which `mode: replace` cannot replace.',
    hint: 'Name the table itself.',
  },
  MYSQL_REFERENCED: {
    kind: 'config',
    message: 'The table {table} cannot be replaced: foreign keys of {children} refer to it.',
    hint: 'They would follow the old table; use `mode: truncate_insert` or `merge`, which keep it.',
  },
  MYSQL_NULL: {
    kind: 'data',
    message: "The column '{column}' is null, and its type {target} takes no NULL.",
    hint: 'Leave such records out with a filter, set `invalid_records: skip`, or allow NULL in the table.',
  },
  MYSQL_RANGE: {
    kind: 'data',
    message: "The value {value} of the column '{column}' is out of the range of {target}.",
    hint: 'Give the column of the table a larger type, leave such records out, or set `invalid_records: skip`.',
  },
  MYSQL_NOT_A_NUMBER: {
    kind: 'data',
    message: "The value '{value}' of the column '{column}' is no number that {target} takes.",
    hint: 'Correct the data, give the column of the table another type, or set `invalid_records: skip`.',
  },
  MYSQL_TOO_LONG: {
    kind: 'data',
    message: "The text of the column '{column}' is too long for {target}: '{value}'.",
    hint: 'Give the column of the table a longer type, shorten texts with a filter, or set `invalid_records: skip`.',
  },
  MYSQL_TEXT: {
    kind: 'data',
    message: "The text of the column '{column}' holds half a character, which is no Unicode text: '{value}'.",
    hint: 'Remove it with a filter, or set `invalid_records: skip`.',
  },
  MYSQL_BYTES: {
    kind: 'data',
    message: "The text '{value}' of the column '{column}' is not how `binary_format` spells bytes.",
    hint: 'Set `binary_format: text` to write texts as they are, or `invalid_records: skip`.',
  },
  MYSQL_INTERMEDIATE_GONE: {
    kind: 'data',
    message: 'The intermediate table {table} of this run is gone or has lost rows ({found} instead of {expected}).',
    hint: 'Remove the resume state, if there is one, and run again from the start. Nothing was committed.',
  },
  MYSQL_NOTHING_THERE: {
    kind: 'config',
    message: 'There is no {what}.',
    hint: 'Look again at the level above: it may have been removed, or this user may not see it.',
  },
});
