/** What the server says about a configuration, shown at the lines of the file that it came from. */
import { problem } from '#api/problem.ts';
import type { Problem } from '#api/problem.ts';
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
  if (!errors.every(({ in: part, path }) => part === 'body' && (path[0] === 'config' || path[0] === 'yaml'))) return [];
  if (errors.length === 0) return errorInText(read.data, file);
  return errors.map(({ message, hint = HINT, path, line, column }) => {
    const place = path[0] === 'config' ? { path: path.slice(1) } : placeOf(line, column);
    return new RopewayError(code, { kind: 'config', message, hint }, { where: { file, ...place } });
  });
}

/** What is wrong with the text as a whole says its place itself. */
function errorInText({ code, detail, hint, where }: Problem, file: string): readonly RopewayError[] {
  const { line, column } = where ?? {};
  if (typeof line !== 'number') return [];
  const place = placeOf(line, typeof column === 'number' ? column : undefined);
  return [new RopewayError(code, { kind: 'config', message: detail, hint }, { where: { file, ...place } })];
}

function placeOf(line: number | undefined, column: number | undefined): { line?: number; column?: number } {
  return { ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) };
}
