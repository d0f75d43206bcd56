/**
 * `npm test`: installs the Debian packages that the suites need (when it may), runs the tests, and ends with
 * `N passed, N failed` alone on a line. What cannot be run is named with its reason; under CI that is a failure.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installFakeGcs } from '#test/kit/fake-gcs.ts';
import { installMoto } from '#test/kit/moto.ts';

interface Need {
  readonly command: string;
  readonly package: string;
  readonly why: string;
}

const needs: readonly Need[] = [
  { command: 'bzip2', package: 'bzip2', why: 'the other side of the bzip2 codec' },
  { command: 'zstd', package: 'zstd', why: 'the other side of the zstd codec' },
  { command: 'gzip', package: 'gzip', why: 'the other side of the gzip codec' },
  { command: 'igzip', package: 'isal', why: 'another reader of what the gzip codec writes' },
  { command: 'libdeflate-gzip', package: 'libdeflate-tools', why: 'another reader of what the gzip codec writes' },
  { command: 'pg_ctlcluster', package: 'postgresql', why: 'the server of the postgresql connector' },
  { command: 'mariadbd', package: 'mariadb-server', why: 'the server of the mysql connector' },
  { command: 'openssl', package: 'openssl', why: 'certificates of the servers in tests' },
  { command: '/usr/sbin/sshd', package: 'openssh-server', why: 'the server of the sftp connector and of tunnels' },
  { command: '/usr/sbin/vsftpd', package: 'vsftpd', why: 'the server of the ftp connector' },
  { command: 'python3', package: 'python3', why: 'another reader of what the gzip codec writes' },
];

const isCi = process.env['CI'] === 'true';

function has(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

function install(packages: readonly string[]): void {
  if (process.getuid?.() !== 0 || !has('apt-get')) return;
  console.log(`Installing ${packages.join(', ')} for the tests…`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore', env });
  spawnSync('apt-get', ['install', '-y', '-qq', ...packages], { stdio: 'ignore', env });
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly { readonly assertionResults: readonly { status: string; fullName: string }[] }[];
}

function runTests(): { exitCode: number; report: Report | undefined } {
  const folder = mkdtempSync(join(tmpdir(), 'ropeway-report-'));
  const file = join(folder, 'report.json');
  try {
    const vitest = join(import.meta.dirname, '..', 'node_modules', 'vitest', 'vitest.mjs');
    const args = [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { status } = spawnSync(process.execPath, [...args, ...process.argv.slice(2)], { stdio: 'inherit' });
    return { exitCode: status ?? 1, report: readReport(file) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readReport(file: string): Report | undefined {
  try {
    // Vitest's own layout.
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}

function main(): number {
  const missing = needs.filter(({ command }) => !has(command));
  if (missing.length > 0) install(missing.map((need) => need.package));
  const absent = needs.filter(({ command }) => !has(command));
  const hasMoto = installMoto();
  const hasFakeGcs = installFakeGcs();
  const { exitCode, report } = runTests();
  if (report === undefined) {
    console.log('The tests did not run to their end.\n0 passed, 1 failed');
    return 1;
  }
  for (const need of absent)
    console.log(`Missing: the package ${need.package} (${need.why}); install it and run again.`);
  if (!hasMoto) console.log('Missing: moto (an S3 for the tests); it takes python3 with venv, pip and PyPI.');
  if (!hasFakeGcs) console.log('Missing: fake-gcs-server (a GCS for the tests); it takes Go and its module proxy.');
  const skipped = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed').map(({ fullName }) => fullName),
  );
  for (const name of skipped) console.log(`Skipped: ${name}`);
  // A test file that does not even load has no tests to count.
  const isCountless = exitCode !== 0 && report.numFailedTests === 0;
  const forbidden = isCi ? skipped.length : 0;
  const failed = report.numFailedTests + forbidden + (isCountless ? 1 : 0);
  const tail = skipped.length > 0 && !isCi ? `, ${skipped.length} skipped` : '';
  console.log(`\n${report.numPassedTests} passed, ${failed} failed${tail}`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = main();
