/** `npm run tidy`: the project's own rules, each a function from files to complaints. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folders, projectFiles, repository } from './source-files.ts';

const LINE_LENGTH_MAX = 120;
const README_LINES_MAX = 40;
const FILE_BYTES_MAX = 1_000_000;

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

type Rule = (files: readonly SourceFile[]) => readonly string[];

const isCode = ({ path }: SourceFile): boolean => /\.(ts|js)$/.test(path);
const isTest = ({ path }: SourceFile): boolean => path.endsWith('.test.ts');

function forLines(
  files: readonly SourceFile[],
  complain: (line: string, file: SourceFile) => string | undefined,
): string[] {
  return files.flatMap((file) =>
    file.text.split('\n').flatMap((line, index) => {
      const complaint = complain(line, file);
      return complaint === undefined ? [] : [`${file.path}:${index + 1}: ${complaint}`];
    }),
  );
}

const shortLines: Rule = (files) =>
  forLines(files.filter(isCode), (line) =>
    line.length > LINE_LENGTH_MAX && !/https?:|`|'|"|\//.test(line)
      ? `the line is longer than ${LINE_LENGTH_MAX}`
      : undefined,
  );

// Assembled, so that this file does not complain about itself.
const promises = new RegExp(
  `\\b(${['TO', 'FIX', 'HA'].map((half, index) => half + ['DO', 'ME', 'CK'][index]).join('|')})\\b`,
);

const noPromises: Rule = (files) =>
  forLines(files.filter(isCode), (line) => (promises.test(line) ? 'a note to oneself: do it, or file it' : undefined));

const noSilentSkips: Rule = (files) =>
  forLines(files.filter(isTest), (line) =>
    /\b(it|test|describe)\.(skip|only|todo)\(/.test(line) ? 'a test that does not run' : undefined,
  );

/** A codec without a test beside it is a codec nobody has seen at work. Declarations need none. */
const testsBesideCodecs: Rule = (files) => {
  const tested = new Set(files.filter(isTest).map(({ path }) => dirname(path)));
  const groups = new Set(
    files.filter((file) => file.path.startsWith('codec/') && isCode(file)).map(({ path }) => dirname(path)),
  );
  // Kernels are tested through their hosts.
  for (const folder of ['codec/wasm/assembly', 'codec/wasm/generated']) groups.delete(folder);
  return [...groups].filter((folder) => !tested.has(folder)).map((folder) => `${folder}: there are no tests`);
};

const readmes: Rule = (files) =>
  folders.flatMap((folder) => {
    const readme = files.find(({ path }) => path === `${folder}/README.md`);
    if (readme === undefined) return [`${folder}/README.md: it is missing`];
    const lines = readme.text.split('\n').length;
    return lines > README_LINES_MAX ? [`${readme.path}: ${lines} lines, ${README_LINES_MAX} are the limit`] : [];
  });

/** Every code of an error catalogue is used somewhere, and every catalogue file is named errors.ts. */
export const errorCodesUsed: Rule = (files) => {
  const code = files.filter(isCode).filter((file) => !isTest(file));
  const catalogues = code.filter(({ text }) => /^export const \w+ = errorCatalogue\(\{/m.test(text));
  return catalogues.flatMap(({ path, text }) => {
    const complaints = path.endsWith('/errors.ts') ? [] : [`${path}: an error catalogue belongs into errors.ts`];
    const codes = [...text.matchAll(/^ {2}([A-Z][A-Z0-9_]+): \{/gm)].map((match) => match[1] ?? '');
    const unused = codes.filter(
      (name) => !code.some((other) => other.path !== path && other.text.includes(`'${name}'`)),
    );
    return [...complaints, ...unused.map((name) => `${path}: the error ${name} is never raised`)];
  });
};

export const rules: readonly Rule[] = [
  shortLines,
  noPromises,
  noSilentSkips,
  testsBesideCodecs,
  readmes,
  errorCodesUsed,
];

function largeFiles(paths: readonly string[]): string[] {
  return paths
    .filter((path) => statSync(join(repository, path)).size > FILE_BYTES_MAX)
    .map((path) => `${path}: larger than ${FILE_BYTES_MAX} bytes`);
}

if (import.meta.main) {
  const paths = projectFiles();
  const files = paths
    .filter((path) => /\.(ts|js|md)$/.test(path))
    .map((path): SourceFile => ({ path, text: readFileSync(join(repository, path), 'utf8') }));
  const complaints = [...rules.flatMap((rule) => rule(files)), ...largeFiles(paths)];
  for (const complaint of complaints) console.error(complaint);
  process.exitCode = complaints.length === 0 ? 0 : 1;
}
