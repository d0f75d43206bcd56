/**
 * `npm run kernels`: compiles the AssemblyScript kernels into modules that carry their WebAssembly as text, so that
 * sources and bundles load them alike and a checkout needs no build. `--check` only compares.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from './source-files.ts';

interface KernelModule {
  readonly name: string;
  readonly options: readonly string[];
}

const modules: readonly KernelModule[] = [
  { name: 'records', options: ['--enable', 'simd'] },
  // Without SIMD: compressed files are the same on every machine.
  { name: 'deflate', options: [] },
];

const assembly = join(repository, 'codec', 'wasm', 'assembly');

// The compiler runs as a command: the types of its library would redefine globals of ours.
const compiler = join(repository, 'node_modules', 'assemblyscript', 'bin', 'asc.js');

function compile({ name, options }: KernelModule): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'ropeway-kernels-'));
  try {
    const file = join(folder, 'out.wasm');
    const files = [`${name}.ts`, '--baseDir', assembly, '--outFile', file];
    const flags = ['-O3', '--converge', '--runtime', 'stub', '--noAssert', '--importMemory', '--memoryBase', '1024'];
    const { status, stderr } = spawnSync(process.execPath, [compiler, ...files, ...flags, ...options], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${name}: ${stderr}`);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function moduleText(name: string, binary: Uint8Array): string {
  const lines =
    Buffer.from(binary)
      .toString('base64')
      .match(/.{1,110}/g) ?? [];
  const text = lines.map((line) => `  '${line}'`).join(' +\n');
  return `// Made by \`npm run kernels\` from codec/wasm/assembly/${name}.ts.\nexport const ${name}Wasm: string =\n${text};\n`;
}

const isCheck = process.argv.includes('--check');
for (const kernel of modules) {
  const file = join(repository, 'codec', 'wasm', 'generated', `${kernel.name}.ts`);
  const binary = compile(kernel);
  const text = moduleText(kernel.name, binary);
  if (!isCheck) {
    writeFileSync(file, text);
    console.log(`${kernel.name}: ${binary.length} bytes`);
  } else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${file} is not what its source gives: run \`npm run kernels\`.`);
    process.exitCode = 1;
  }
}
