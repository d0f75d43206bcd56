/** The body of a request: bounded, JSON, and nothing that a database cannot hold. */
import type { FieldProblem } from '#api/problem.ts';
import { httpErrors } from './errors.ts';
import { Refusal, invalid } from './refusal.ts';

/** A configuration of a thousand columns has less. */
export const BODY_BYTES_MAX = 2 * 1024 * 1024;
/** Objects and lists in one another. */
const DEPTH_MAX = 64;

export async function readJson(request: Request, bytesMax: number): Promise<unknown> {
  const media = request.headers.get('content-type') ?? 'none';
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(media)) {
    throw new Refusal(httpErrors.error('MEDIA_UNSUPPORTED', { media: media.slice(0, 100) }), 415);
  }
  const text = await readText(request, bytesMax);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // V8 quotes what it stumbled over: a secret may stand there.
    const position = /position \d+/.exec(error instanceof Error ? error.message : '')?.[0];
    const reason = position === undefined ? 'it ends too early or is empty' : `something else stands at ${position}`;
    throw new Refusal(httpErrors.error('BODY_NOT_JSON', { reason }), 400);
  }
  const errors = unstorable(value);
  if (errors.length > 0) throw invalid(errors);
  return value;
}

async function readText(request: Request, bytesMax: number): Promise<string> {
  const tooLarge = (): Refusal => new Refusal(httpErrors.error('BODY_TOO_LARGE', { limit: bytesMax }), 413);
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of request.body ?? []) {
    length += piece.length;
    if (length > bytesMax) throw tooLarge();
    pieces.push(piece);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces));
  } catch {
    throw new Refusal(httpErrors.error('BODY_NOT_JSON', { reason: 'it is not UTF-8' }), 400);
  }
}

const FIELD_PROBLEMS_MAX = 20;

/** What JSON and YAML allow and PostgreSQL does not: NUL and halves of characters; and nesting beyond all use. */
export function unstorable(top: unknown): FieldProblem[] {
  const errors: FieldProblem[] = [];
  const complain = (path: readonly (string | number)[], message: string): void => {
    errors.push({ in: 'body', path: path.slice(0, DEPTH_MAX), message });
  };
  const visit = (value: unknown, path: readonly (string | number)[]): void => {
    if (errors.length >= FIELD_PROBLEMS_MAX) return;
    if (typeof value === 'string' && !isStorable(value)) complain(path, 'it holds a NUL or half a character');
    if (typeof value !== 'object' || value === null) return;
    if (path.length >= DEPTH_MAX) {
      complain(path, `it is nested deeper than ${DEPTH_MAX}`);
      return;
    }
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, [...path, index]);
      return;
    }
    for (const [key, item] of Object.entries(value)) {
      if (isStorable(key)) visit(item, [...path, key]);
      else complain(path, 'a key holds a NUL or half a character');
    }
  };
  visit(top, []);
  return errors;
}

export function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}
