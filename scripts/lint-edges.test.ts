/** The edges between folders are lint rules: each is seen to fire. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { repository } from './source-files.ts';

const oxlint = join(repository, 'node_modules', 'oxlint', 'bin', 'oxlint');
let file = '';
afterEach(() => rmSync(file, { force: true }));

function lint(folder: string, source: string): string {
  file = join(repository, folder, `edge-probe-${process.pid}.ts`);
  writeFileSync(file, `import * as probe from '${source}';\nexport const edge = probe;\n`);
  return spawnSync(process.execPath, [oxlint, file], { cwd: repository, encoding: 'utf8' }).stdout;
}

describe('oxlint', () => {
  it.each([
    ['spi', '#codec/csv/dialect.ts'],
    ['codec', '#connectors/catalog.ts'],
    ['connectors', '#engine/job.ts'],
    ['engine', '#connectors/catalog.ts'],
    ['engine', '#test/kit/workspace.ts'],
    ['engine', '#api/endpoint.ts'],
    ['api', '#control/store/store.ts'],
    ['control', '#engine/job.ts'],
    ['control', '#codec/csv/dialect.ts'],
    ['control', '#codec/text/line-reader.ts'],
    ['control', '#connectors/file/input.ts'],
    ['runner', '#control/store/store.ts'],
    ['cli', '#scripts/source-files.ts'],
    ['cli', '#bench/data.ts'],
    ['bench', '#codec/csv/dialect.ts'],
    ['conformance', '#connectors/catalog.ts'],
    ['engine', '#conformance/suite.ts'],
    ['codec/csv', '../json/scanner.ts'],
  ])('forbids %s to import %s', (folder, source) => expect(lint(folder, source)).toContain('no-restricted-imports'));

  it.each([
    ['codec', '#spi/batch.ts'],
    ['engine', '#codec/csv/dialect.ts'],
    ['cli', '#connectors/catalog.ts'],
    ['cli', '#conformance/suite.ts'],
    ['control', '#connectors/catalog.ts'],
    ['control', '#api/endpoint.ts'],
    ['control', '#codec/yaml/edit-yaml.ts'],
    ['runner', '#engine/transaction.ts'],
  ])('allows %s to import %s', (folder, source) => expect(lint(folder, source)).not.toContain('no-restricted-imports'));
});
