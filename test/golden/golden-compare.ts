/** Compares what a run left behind with what the original engine left behind. Returns differences in words. */
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import type { GoldenCase } from './golden-case.ts';

type Tree = ReadonlyMap<string, Buffer>;

/** Files under `expected/` that are for information only. */
const texts = new Set(['stdout.txt', 'stderr.txt', 'error.txt', 'error-contains.txt']);

export interface Decompress {
  bzip2(bytes: Buffer): Promise<Buffer>;
}

export async function compareFiles(
  golden: GoldenCase,
  trees: { expected: Tree; before: Tree; after: Tree },
  decompress: Decompress,
): Promise<string[]> {
  const { expected, before, after } = trees;
  const raw = new Map(
    [...expected].flatMap(([name, data]) => (name.endsWith('.raw') ? [[name.slice(0, -4), data]] : [])),
  );
  const want = new Map([...expected].filter(([name]) => !texts.has(name) && !name.endsWith('.raw') && !raw.has(name)));
  const known = new Set([...want.keys(), ...raw.keys()]);
  const differences = inputDifferences(golden, { before, after, known });
  if (golden.files === 'ignore') return differences;
  differences.push(...nameDifferences({ before, after, known }));
  if (differences.length > 0) return differences;
  return [...contentDifferences(golden, want, after), ...(await rawDifferences(raw, after, decompress))];
}

function inputDifferences(
  golden: GoldenCase,
  { before, after, known }: { before: Tree; after: Tree; known: ReadonlySet<string> },
): string[] {
  return [...before].flatMap(([name, data]) => {
    if (known.has(name) || (golden.files === 'ignore' && name.startsWith('out/'))) return [];
    const now = after.get(name);
    return now?.equals(data) === true ? [] : [`input file ${name} changed`];
  });
}

function nameDifferences({
  before,
  after,
  known,
}: {
  before: Tree;
  after: Tree;
  known: ReadonlySet<string>;
}): string[] {
  const made = [...after.keys()].filter((name) => name.startsWith('out/') && !before.has(name));
  return [
    ...made.filter((name) => !known.has(name)).map((name) => `unexpected file ${name}`),
    ...[...known].filter((name) => !after.has(name)).map((name) => `missing file ${name}`),
  ];
}

function contentDifferences(golden: GoldenCase, want: Tree, after: Tree): string[] {
  const isOut = (name: string): boolean => name.startsWith('out/');
  const outs = [...want].filter(([name]) => isOut(name));
  const got = outs.map(([name]): [string, Buffer] => [name, after.get(name) ?? Buffer.alloc(0)]);
  const differences: string[] = [];
  let rest = [...want];
  if (golden.files === 'bytes-any-order') {
    if (!sameList(contents(outs), contents(got))) differences.push('out/ differs as a set of contents');
    rest = rest.filter(([name]) => !isOut(name));
  } else if (golden.files === 'records') {
    if (!sameList(recordLines(outs), recordLines(got))) differences.push('out/ differs as a set of records');
    rest = rest.filter(([name]) => !isOut(name));
  }
  for (const [name, data] of rest) {
    const now = after.get(name) ?? Buffer.alloc(0);
    if (/\.ya?ml$/.test(name) && sameYaml(data, now)) continue;
    if (!now.equals(data)) differences.push(`${name} ${firstDifference(data, now)}`);
  }
  return differences;
}

async function rawDifferences(raw: Tree, after: Tree, decompress: Decompress): Promise<string[]> {
  const differences: string[] = [];
  for (const [name, data] of raw) {
    const packed = after.get(name) ?? Buffer.alloc(0);
    const now = name.endsWith('gz') ? gunzipSync(packed) : await decompress.bzip2(packed);
    if (!now.equals(data)) differences.push(`${name} (decompressed) ${firstDifference(data, now)}`);
  }
  return differences;
}

export function compareStdout(mode: GoldenCase['stdout'], want: string, got: string): string[] {
  if (mode === 'ignore') return [];
  if (mode === 'exact') return want === got ? [] : [`stdout ${firstDifference(Buffer.from(want), Buffer.from(got))}`];
  const lines = got.split('\n');
  let at = 0;
  for (const line of want.split('\n').filter((text) => text !== '')) {
    at = lines.indexOf(line, at) + 1;
    if (at === 0) return [`stdout lacks the line (in order): ${line}`];
  }
  return [];
}

function contents(files: readonly [string, Buffer][]): string[] {
  return files.map(([, data]) => data.toString('latin1')).sort();
}

function recordLines(files: readonly [string, Buffer][]): string[] {
  return files.flatMap(([, data]) => data.toString('latin1').split(/\r\n|\n|\r/)).sort();
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}

function sameYaml(a: Buffer, b: Buffer): boolean {
  try {
    const read = (text: Buffer): string => JSON.stringify(sorted(parse(text.toString('utf8'), { version: '1.1' })));
    return read(a) === read(b);
  } catch {
    return false;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}

function firstDifference(want: Buffer, got: Buffer): string {
  let at = 0;
  while (at < want.length && at < got.length && want[at] === got[at]) at += 1;
  const around = (data: Buffer): string => JSON.stringify(data.toString('utf8', Math.max(0, at - 20), at + 60));
  return `differs at byte ${at} of ${want.length}/${got.length}: want ${around(want)}, got ${around(got)}`;
}
