/** What the server says about a configuration, shown at the lines of the file that it came from. */
import { problem } from '#api/problem.ts';
import { RopewayError } from '#spi/errors.ts';
import { ErrorList } from './command-context.ts';

/** The server's own is about its answer. */
const HINT = 'Correct it in the file, and give the command again.';

/** Each field of the configuration that the server complains about becomes an error with its place. */
export async function placedInFile<T>(file: string | undefined, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const placed = file === undefined ? [] : errorsInFile(error, file);
    throw placed.length > 0 ? new ErrorList(placed) : error;
  }
}

function errorsInFile(error: unknown, file: string): readonly RopewayError[] {
  const read = problem.safeParse(error instanceof Error && 'problem' in error ? error.problem : undefined);
  if (!read.success) return [];
  const { code, errors = [] } = read.data;
  // Something that is wrong elsewhere would be lost: then the whole is shown as it came.
  if (!errors.every(({ in: part, path }) => part === 'body' && path[0] === 'config')) return [];
  return errors.map(
    (field) =>
      new RopewayError(
        code,
        { kind: 'config', message: field.message, hint: field.hint ?? HINT },
        { where: { file, path: field.path.slice(1) } },
      ),
  );
}
