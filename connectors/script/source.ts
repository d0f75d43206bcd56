/** The script as it is written: read, freed from types, looked at before anything runs. */
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { parse } from 'acorn';
import type { AnyNode, Program } from 'acorn';
import type { ScriptConfig } from './config.ts';
import { scriptErrors } from './errors.ts';
import { CODE_LENGTH_MAX } from './limits.ts';
import type { FunctionName } from './protocol.ts';

export interface ScriptSource {
  /** JavaScript with all lines and columns where they were. */
  readonly code: string;
  readonly functionName: FunctionName;
}

/** Where messages say that something is: `line 3, column 7`, with the file if there is one. */
export type PlaceText = (line: number, column: number) => string;

export function placeText({ file }: ScriptConfig): PlaceText {
  return (line, column) => `${file === undefined ? '' : `${file}, `}line ${line}, column ${column}`;
}

export function readScript(config: ScriptConfig): ScriptSource {
  const text = textOf(config);
  const places = placeText(config);
  const { code, program } = javaScriptOf(text, config, places);
  refuseImports(program, config, places);
  return { code, functionName: functionOf(program, config) };
}

function where({ file }: ScriptConfig): { readonly where: { readonly path: readonly string[] } } {
  return { where: { path: [file === undefined ? 'code' : 'file'] } };
}

function textOf(config: ScriptConfig): string {
  const { code, file } = config;
  if ((code === undefined) === (file === undefined)) {
    throw scriptErrors.error('SCRIPT_OPTIONS', { found: code === undefined ? 'none' : 'both' });
  }
  const text = code ?? fileText(file ?? '', config);
  if (text.length <= CODE_LENGTH_MAX) return text;
  const reason = `it is longer than ${CODE_LENGTH_MAX} characters`;
  throw scriptErrors.error('SCRIPT_SYNTAX', { place: 'its end', reason }, where(config));
}

function fileText(file: string, config: ScriptConfig): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw scriptErrors.error('SCRIPT_FILE', { file, reason }, { ...where(config), cause: error });
  }
}

function javaScriptOf(
  text: string,
  config: ScriptConfig,
  places: PlaceText,
): { readonly code: string; readonly program: Program } {
  const plain = parsed(text);
  if (!(plain instanceof SyntaxError)) return { code: text, program: plain };
  const code = withoutTypes(text, config, places);
  const program = parsed(code);
  if (!(program instanceof SyntaxError)) return { code, program };
  // The parser's errors have a place, and repeat it in their messages.
  const { loc, message } = program as SyntaxError & { readonly loc: { line: number; column: number } };
  const reason = message.replace(/ \(\d+:\d+\)$/, '');
  const params = { place: places(loc.line, loc.column + 1), reason };
  throw scriptErrors.error('SCRIPT_SYNTAX', params, { ...where(config), cause: program });
}

function parsed(code: string): Program | SyntaxError {
  try {
    return parse(code, {
      ecmaVersion: 'latest',
      sourceType: 'script',
      locations: true,
      allowAwaitOutsideFunction: false,
    });
  } catch (error) {
    if (error instanceof SyntaxError) return error;
    throw error;
  }
}

function withoutTypes(text: string, config: ScriptConfig, places: PlaceText): string {
  const emitWarning = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  try {
    // Node says once per process that it is experimental. That is for us to know.
    process.emitWarning = () => {};
    return stripTypeScriptTypes(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // A line number, the source, marks below the place: then the error itself.
    const [first = '', ...lines] = (error.stack ?? '').split('\n');
    const line = Number(/:(\d+)$/.exec(first)?.[1] ?? 1);
    const column = (lines.find((each) => /^\s*\^+\s*$/.test(each)) ?? '^').indexOf('^') + 1;
    const params = { place: places(line, column), reason: error.message };
    throw scriptErrors.error('SCRIPT_SYNTAX', params, { ...where(config), cause: error });
  } finally {
    Object.defineProperty(process, 'emitWarning', emitWarning ?? {});
  }
}

/** A module from outside would bring objects of the process along, if it could be had. */
function refuseImports(program: Program, config: ScriptConfig, places: PlaceText): void {
  const nodes: unknown[] = [program];
  while (nodes.length > 0) {
    const node = nodes.pop();
    if (typeof node !== 'object' || node === null) continue;
    if (isImport(node)) {
      const { line = 1, column = 0 } = node.loc?.start ?? {};
      throw scriptErrors.error('SCRIPT_IMPORT', { place: places(line, column + 1) }, where(config));
    }
    nodes.push(...Object.values(node));
  }
}

function isImport(node: object): node is AnyNode {
  return 'type' in node && node.type === 'ImportExpression';
}

const functionNames: readonly FunctionName[] = ['transformRow', 'transformRows'];

function functionOf(program: Program, config: ScriptConfig): FunctionName {
  const declared = new Set(program.body.flatMap(declaredNames));
  const [first, second] = functionNames.filter((name) => declared.has(name));
  if (first !== undefined && second === undefined) return first;
  const found = first === undefined ? 'neither transformRow nor transformRows' : 'both transformRow and transformRows';
  throw scriptErrors.error('SCRIPT_FUNCTION', { found }, where(config));
}

function declaredNames(node: AnyNode): string[] {
  if (node.type === 'FunctionDeclaration') return node.id === null ? [] : [node.id.name];
  if (node.type !== 'VariableDeclaration') return [];
  return node.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []));
}
