/** What can go wrong between the control plane and its database. */
import { errorCatalogue } from '#spi/errors.ts';

export const storeErrors = errorCatalogue({
  STORE_UNREACHABLE: {
    kind: 'connector',
    transient: true,
    message: 'The database of the control plane cannot be reached: {reason}',
    hint: 'Check DATABASE_URL, that the server is up, and that it lets this machine in.',
  },
  STORE_URL_INVALID: {
    kind: 'config',
    message: 'The address of the database is not one: {reason}',
    hint: 'Write DATABASE_URL=postgresql://USER:PASSWORD@HOST:5432/DATABASE.',
  },
  STORE_SERVER_TOO_OLD: {
    kind: 'config',
    message: 'The database server is PostgreSQL {version}; {needed} is the oldest that will do.',
    hint: 'Upgrade the server, or name another one in DATABASE_URL.',
  },
  STORE_FOLDER_IN_USE: {
    kind: 'config',
    message: 'The data folder {folder} is in use by process {pid} on {host}.',
    hint: 'Stop that process first, or use PostgreSQL (DATABASE_URL): it takes any number of processes.',
  },
  STORE_FOLDER_LOCK_FOREIGN: {
    kind: 'config',
    message:
      'The data folder {folder} was taken by process {pid} on {host}, and from here nobody can tell whether it lives.',
    hint: 'When nothing on {host} uses the folder any more, remove {file}.',
  },
  STORE_FOLDER_UNUSABLE: {
    kind: 'config',
    message: 'The data folder {folder} cannot be used: {reason}',
    hint: 'Name a folder that this user may write to.',
  },
  STORE_MIGRATION_EDITED: {
    kind: 'config',
    message: 'Migration {name} was applied to this database in another form: {applied} there, {ours} here.',
    hint: 'Applied migrations are never edited. Run the release that made this database, or restore the file and add a new migration.',
  },
  STORE_MIGRATION_MISSING: {
    kind: 'config',
    message: 'This database lacks migration {name}, though a later one, {later}, is applied.',
    hint: 'Migrations are only added at the end: give the new one the next number.',
  },
  STORE_MIGRATION_FAILED: {
    kind: 'connector',
    message: 'Migration {name} failed, and nothing of it was kept: {reason}',
    hint: 'The database is as it was before. Remove what stands in the way, and start again.',
  },
  STORE_NOT_MIGRATED: {
    kind: 'config',
    message: 'The database lacks {count} migrations, the first is {name}.',
    hint: 'Run "ropeway db migrate".',
  },
});
