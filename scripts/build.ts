/**
 * `npm run build`: bundles the command into `dist/`, so that it starts in a fraction of the time that its sources
 * take. What loads late in the sources (`import()`) loads late in the bundle: it is split there. CommonJS, because
 * it starts faster: importing a built-in module as ES module touches all its exports, and some load half of Node.
 * Beside it lies what plugins from outside import: the modules of `spi/`, each as JavaScript with its types.
 * `--if-stale` does nothing when the bundle is what the sources give.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { rolldown } from 'rolldown';
import type { OutputChunk, Plugin } from 'rolldown';
import { bundleFolder, isBundleFresh, manifestFile } from '#bin/bundle.js';
import { repository } from './source-files.ts';

/** A file of the bundle's sources as it was read: `[path, bytes, time of its last change]`. */
type Source = readonly [path: string, size: number, mtimeMs: number];

/** Read as files, beside the module that applies them. */
const migrations = 'control/store/migrations';

/** Not modules of the bundle, but it would be another one if they changed. */
const otherSources = [
  ...['package.json', 'package-lock.json', 'scripts/build.ts', 'tsconfig.json', 'tsconfig.build.json'],
  // Some are types alone, of which the bundle has nothing.
  ...readdirSync(join(repository, 'spi'))
    .filter((name) => /(?<!\.test)\.ts$/.test(name))
    .map((name) => `spi/${name}`),
  ...readdirSync(join(repository, migrations)).map((name) => `${migrations}/${name}`),
];

function sourceOf(path: string): Source {
  const { size, mtimeMs } = statSync(join(repository, path));
  return [path, size, mtimeMs];
}

/** Notes every source before it is read: what changes after that makes the bundle stale. */
function sourceNotes(sources: Map<string, Source>): Plugin {
  return {
    name: 'source-notes',
    load(id) {
      const path = relative(repository, id).split(sep).join('/');
      if (existsSync(id) && !isForeign(path)) sources.set(path, sourceOf(path));
    },
  };
}

/** Native parts of packages, which do without them where they are missing: a bundle is the same for all machines. */
const nativeParts: Plugin = {
  name: 'native-parts',
  resolveId(id) {
    return id === 'cpu-features' || id.endsWith('.node') ? '\0native-part' : undefined;
  },
  load(id) {
    return id === '\0native-part' ? "module.exports = (() => { throw new Error('no native parts'); })();" : undefined;
  },
};

/** Dependencies change only with the lock file. */
function isForeign(path: string): boolean {
  return path.startsWith('..') || path.split('/').includes('node_modules');
}

async function build(): Promise<void> {
  const sources = new Map(otherSources.map((path) => [path, sourceOf(path)]));
  const bundle = await rolldown({
    cwd: repository,
    input: {
      main: 'cli/main.ts',
      worker: 'cli/worker.ts',
      'engine-child': 'runner/engine-child.ts',
      'script-child': 'connectors/script/child.ts',
    },
    platform: 'node',
    plugins: [sourceNotes(sources), nativeParts],
    // An engine of its own, which looks for its parts beside itself.
    external: [/^@electric-sql\/pglite/],
  });
  // Without its manifest a bundle is none: a build that is cut short leaves nothing that would be run.
  rmSync(manifestFile, { force: true });
  rmSync(bundleFolder, { recursive: true, force: true });
  const { output } = await bundle.write({
    dir: bundleFolder,
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
    // Schemas are made of all of this or not at all, and a file takes half a millisecond to load.
    codeSplitting: {
      groups: [
        { name: 'zod', test: /[\\/]node_modules[\\/]zod[\\/]|[\\/]spi[\\/](fields|no-options)\.ts$/ },
        { name: 'engine', test: /[\\/](spi|engine)[\\/][^\\/]+\.ts$/ },
        { name: 'records', test: /[\\/]codec[\\/](cells|charset|csv|json|text|time)[\\/]/ },
      ],
    },
    comments: { legal: true, annotation: false, jsdoc: false },
  });
  await bundle.close();
  compileInterface();
  cpSync(join(repository, migrations), join(bundleFolder, 'migrations'), { recursive: true });
  const chunks = output.filter((part): part is OutputChunk => part.type === 'chunk');
  writeFileSync(join(bundleFolder, 'THIRD-PARTY-LICENSES.txt'), licenses(chunks));
  writeFileSync(manifestFile, JSON.stringify({ sources: [...sources.values()] }));
  const bytes = chunks.reduce((sum, { code }) => sum + code.length, 0);
  console.log(`Built dist/: ${chunks.length} files, ${Math.round(bytes / 1000)} KB.`);
}

/** The modules of `spi/` for others: `dist/spi/*.js` and `*.d.ts`. */
function compileInterface(): void {
  const compiler = join(repository, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', join(repository, 'tsconfig.build.json')], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('The modules of spi/ cannot be compiled: see the lines above.');
}

/** The licences of the packages that the bundle holds parts of: they ask to be passed on. */
function licenses(chunks: readonly OutputChunk[]): string {
  const folders = chunks.flatMap(({ moduleIds }) =>
    moduleIds.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id.split(sep).join('/'))?.[0] ?? []),
  );
  return [...new Set(folders)]
    .sort()
    .map((folder) => {
      const text = licenseText(folder);
      if (text === undefined) throw new Error(`${folder} has no licence text`);
      // Every package has one.
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
        string,
        string
      >;
      return `${name} ${version}\n\n${text.trim()}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/** The licence file of a package, the chapter of its README, or what its repository has and the package lacks. */
function licenseText(folder: string): string | undefined {
  const names = readdirSync(folder);
  const file = names.find((name) => /^licen[cs]e/i.test(name));
  if (file !== undefined) return readFileSync(join(folder, file), 'utf8');
  const kept = join(repository, 'scripts', 'licenses', `${basename(folder)}.txt`);
  if (existsSync(kept)) return readFileSync(kept, 'utf8');
  const readme = names.find((name) => /^readme/i.test(name));
  if (readme === undefined) return undefined;
  const chapter = /^(?:#+ licen[cs]e|licen[cs]e\n-+)\s+([^]+?)(?=^#|$(?![^]))/im.exec(
    readFileSync(join(folder, readme), 'utf8'),
  )?.[1];
  // One of the packages of the AWS SDK has neither; it is under the licence of its neighbours, whose text is there.
  return chapter ?? (/[\\/]@aws-sdk[\\/]/.test(folder) ? 'Licensed under Apache-2.0.' : undefined);
}

export async function buildIfStale(): Promise<void> {
  if (!isBundleFresh()) await build();
}

if (import.meta.main) await (process.argv.includes('--if-stale') ? buildIfStale() : build());
