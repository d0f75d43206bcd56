import { errorCatalogue } from '#spi/errors.ts';

/** What the server or the way to it says; the parameters are `server` and `reason`. */
export const postgresServerErrors = errorCatalogue({
  PG_CONNECTION_REFUSED: {
    kind: 'connector',
    message: 'PostgreSQL at {server} does not answer: {reason}.',
    hint: 'Check `host` and `port`, that the server runs, and that it listens on this address.',
    transient: true,
  },
  PG_HOST_UNKNOWN: {
    kind: 'connector',
    message: 'The host of {server} is not known: {reason}.',
    hint: 'Check `host`, and the name service of this machine.',
    transient: true,
  },
  PG_CONNECT_TIMEOUT: {
    kind: 'connector',
    message: 'PostgreSQL at {server} did not accept a connection in time: {reason}.',
    hint: 'Check firewalls between here and there; `connect_timeout` is the time allowed.',
    transient: true,
  },
  PG_SOCKET_TIMEOUT: {
    kind: 'connector',
    message: 'PostgreSQL at {server} said nothing for {reason}.',
    hint: 'Make the query faster, or raise `socket_timeout`.',
    transient: true,
  },
  PG_CONNECTION_LOST: {
    kind: 'connector',
    message: 'The connection to PostgreSQL at {server} broke: {reason}.',
    hint: 'Look into the log of the server, and at proxies that end idle connections; then run again.',
    transient: true,
  },
  PG_AUTH_FAILED: {
    kind: 'connector',
    message: 'PostgreSQL at {server} does not let this user in: {reason}.',
    hint: 'Check `user`, `password`, and the rules in pg_hba.conf of the server.',
  },
  PG_DATABASE_MISSING: {
    kind: 'connector',
    message: 'PostgreSQL at {server} has no such database: {reason}.',
    hint: 'Check `database`.',
  },
  PG_TLS: {
    kind: 'connector',
    message: 'No encrypted connection to {server} can be made: {reason}.',
    hint: 'Check the options that begin with `ssl` against what the server offers and asks for.',
  },
  PG_TABLE_MISSING: {
    kind: 'connector',
    message: 'PostgreSQL at {server} does not find a table: {reason}.',
    hint: 'Check the name (upper and lower case count) and `schema`.',
  },
  PG_COLUMN_MISSING: {
    kind: 'connector',
    message: 'PostgreSQL at {server} does not find a column: {reason}.',
    hint: 'Check the names in the config against those of the table.',
  },
  PG_SCHEMA_MISSING: {
    kind: 'connector',
    message: 'PostgreSQL at {server} does not find a schema: {reason}.',
    hint: 'Check `schema` and `temp_schema`.',
  },
  PG_PRIVILEGE_MISSING: {
    kind: 'connector',
    message: 'PostgreSQL at {server} does not allow it: {reason}.',
    hint: 'GRANT the missing right to the user; outputs need SELECT and INSERT on the table and CREATE in the schema.',
  },
  PG_CANCELLED: {
    kind: 'connector',
    message: 'PostgreSQL at {server} ended a statement early: {reason}.',
    hint: 'A limit such as `statement_timeout_millis`, or an administrator, ended it.',
  },
  PG_STOPPED: {
    kind: 'connector',
    message: 'The run was stopped; the connection to {server} was closed ({reason}).',
    hint: 'Run again.',
  },
  PG_DISK_FULL: {
    kind: 'connector',
    message: 'The disk of PostgreSQL at {server} is full: {reason}.',
    hint: 'Make room there; nothing of this run is visible in the target.',
  },
  PG_RESOURCES: {
    kind: 'connector',
    message: 'PostgreSQL at {server} has not enough resources: {reason}.',
    hint: 'Run fewer tasks at a time, or raise the limits of the server.',
    transient: true,
  },
  PG_CONFLICT: {
    kind: 'connector',
    message: 'Another transaction of PostgreSQL at {server} was in the way: {reason}.',
    hint: 'Run again; nothing of this run is visible in the target.',
    transient: true,
  },
  PG_UNAVAILABLE: {
    kind: 'connector',
    message: 'PostgreSQL at {server} is starting up or shutting down: {reason}.',
    hint: 'Run again when it is up.',
    transient: true,
  },
  PG_DEPENDENTS: {
    kind: 'connector',
    message: 'PostgreSQL at {server} keeps a table because others depend on it: {reason}.',
    hint: 'Views and foreign keys hold on to a table; use `mode: truncate_insert`, which keeps it.',
  },
  PG_VALUE_REFUSED: {
    kind: 'data',
    message: 'PostgreSQL at {server} refuses a value: {reason}.',
    hint: 'Correct the data, put a filter before the output, or give the column another type. Nothing was committed.',
  },
  PG_CONSTRAINT: {
    kind: 'data',
    message: 'PostgreSQL at {server} refuses a row: {reason}.',
    hint: 'The row breaks a constraint of the table; `mode: merge` updates rows that exist. Nothing was committed.',
  },
  PG_READ_ONLY: {
    kind: 'connector',
    message: 'PostgreSQL at {server} only lets itself be read: {reason}.',
    hint: 'Connect to the primary server; a standby, and a session with `default_transaction_read_only`, take no rows.',
  },
  PG_STATEMENT: {
    kind: 'connector',
    message: 'PostgreSQL at {server} refuses a statement: {reason}.',
    hint: 'Check the SQL in the config.',
  },
});

/** What we say ourselves. */
export const postgresErrors = errorCatalogue({
  PG_NOTHING_THERE: {
    kind: 'connector',
    message: 'There is no {what}.',
    hint: 'Look at what is there one level above; upper and lower case count.',
  },
  PG_CONFIG: {
    kind: 'config',
    message: 'The options do not go together: {reason}.',
    hint: '`ropeway plugins describe postgresql` explains them.',
  },
  PG_NO_COLUMNS: {
    kind: 'config',
    message: 'The statement gives no columns: {sql}',
    hint: 'Write a SELECT, VALUES or another statement that returns rows.',
  },
  PG_CONVERSION: {
    kind: 'config',
    message: "The column '{column}' of type {source} cannot be made {target}.",
    hint: 'Change `type` or `value_type` in `column_options`, or cast in the query.',
  },
  PG_INFINITE_DATE: {
    kind: 'data',
    message: "The column '{column}' holds {value}, which is no moment in time.",
    hint: 'Set `infinite_dates: "null"`, read the column with `value_type: string`, or leave such rows out.',
  },
  PG_VALUE: {
    kind: 'data',
    message: "The value '{value}' of the column '{column}' cannot be made {target}.",
    hint: 'Set another `type` for it in `column_options`, or cast in the query.',
  },
  PG_ROW_SIZE: {
    kind: 'data',
    message: 'A row is larger than {limit} bytes.',
    hint: 'Leave large columns out with `select`.',
  },
  PG_COPY_TEXT: {
    kind: 'internal',
    message: 'The server sent a row that does not have {columns} columns.',
    hint: 'Please report it, with the version of the server.',
  },
  PG_INCREMENTAL_NULL: {
    kind: 'data',
    message: "The incremental column '{column}' of the last row is null.",
    hint: 'Leave such rows out with `where`, or choose a column that is never null.',
  },
  PG_UNMATCHED_COLUMNS: {
    kind: 'config',
    message: 'The table {table} has no columns for these of the input: {columns}. It has: {known}.',
    hint: 'Remove or rename them with a filter, or set `ignore_unmatched_columns: true` to leave them out.',
  },
  PG_AMBIGUOUS: {
    kind: 'config',
    message: "'{name}' may mean any of {candidates}.",
    hint: 'Write the name with the same upper and lower case letters.',
  },
  PG_MERGE_KEYS: {
    kind: 'config',
    message: 'The rows of {table} cannot be told apart: {reason}.',
    hint: 'Set `merge_keys` to columns of the input that identify a row.',
  },
  PG_SNAPSHOT_GONE: {
    kind: 'connector',
    message: 'The snapshot that the tasks share is gone from PostgreSQL at {server}.',
    hint: 'Remove the resume state, if there is one, and run again from the start; `parallel: 1` needs none.',
  },
  PG_MERGE_KEY_NULL: {
    kind: 'data',
    message: 'A merge key of {table} is null in {rows} of the records.',
    hint: 'Leave them out with a filter, or choose other `merge_keys`.',
  },
  PG_NUL_IN_TEXT: {
    kind: 'data',
    message: "The text in the column '{column}' holds a NUL character, which PostgreSQL cannot store.",
    hint: 'Remove it with a filter.',
  },
  PG_NOT_A_NUMBER: {
    kind: 'data',
    message: "The number {value} in the column '{column}' is not a whole number of 64 bits.",
    hint: 'Give the column of the table a floating-point type, or leave such records out.',
  },
  PG_INTERMEDIATE_GONE: {
    kind: 'data',
    message: 'The intermediate table {table} of this run is gone or has lost rows ({found} instead of {expected}).',
    hint: 'Remove the resume state, if there is one, and run again from the start. Nothing was committed.',
  },
});
