/** Jobs that read from HTTP servers, through the command. */
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { certificateAuthority } from '#test/kit/certificates.ts';
import { cuttingProxy } from '#test/kit/cutting-proxy.ts';
import { httpServer } from '#test/kit/http-server.ts';
import type { Handler } from '#test/kit/http-server.ts';
import { httpsServer } from '#test/kit/https-server.ts';
import { workspace } from '#test/kit/workspace.ts';
import type { CommandOptions, CommandResult } from '#test/kit/ropeway-command.ts';

const csv = 'parser: {type: csv, columns: [{name: a, type: long}, {name: b, type: string}]}';
const json = 'parser: {type: json, root: /data, flatten_json_array: true, columns: [{name: a, type: long}]}';
const impatient = ['max_retries: 3', 'retry_interval: 1'];

function job(url: string, options: readonly string[]): string {
  const input = ['type: http', `url: ${url}`, ...options].map((line) => `  ${line}\n`).join('');
  return `in:
${input}out:
  type: file
  path_prefix: out/r_
  file_ext: csv
  formatter: {type: csv, header_line: false}
exec: {max_threads: 1, min_output_tasks: 1}
`;
}

interface Ran extends CommandResult {
  /** Records of the files, which are separated by bars. */
  readonly records: string;
}

async function run(config: string, options?: CommandOptions): Promise<Ran> {
  await using place = await workspace({ 'config.yml': config });
  const result = await place.ropeway(['run', 'config.yml'], options);
  const names = await place.outputs();
  const texts = await Promise.all(names.map((name) => readFile(place.path(`out/${name}`), 'utf8')));
  return { ...result, records: texts.join('|').replaceAll('\r\n', ' ').replaceAll(' |', '|').trim() };
}

/** About 30 bytes a row. */
function rows(count: number): string {
  return Array.from({ length: count }, (_, row) => `${row},"text, ${row * 7919}-${'x'.repeat(row % 19)}"\n`).join('');
}

function answers(text: string): Handler {
  return (_asked, answer) => void answer.end(text);
}

/** Ends the connection after so many bytes of an answer that promises more. */
function cut(answer: ServerResponse, text: string, bytes: number, headers: Record<string, string> = {}): void {
  answer.writeHead(answer.statusCode, { 'content-length': Buffer.byteLength(text), ...headers });
  answer.write(text.slice(0, bytes), () => answer.socket?.end());
}

describe('a request', () => {
  it('is a GET of the URL, with what a client says of itself', async () => {
    await using server = await httpServer(answers('1,x\n2,é\n'));
    const { exitCode, stderr, records } = await run(
      job(`${server.url}/f?x=1#part`, [csv, 'request_headers: {X-One: "1", Accept: text/csv}']),
    );
    expect(exitCode, stderr).toBe(0);
    expect(records).toBe('1,x 2,é');
    const [asked] = server.asked;
    expect([asked?.method, asked?.url.pathname, asked?.url.search]).toEqual(['GET', '/f', '?x=1']);
    expect(asked?.headers).toMatchObject({
      accept: 'text/csv',
      'accept-charset': 'utf-8',
      'user-agent': 'Ropeway',
      'x-one': '1',
    });
  });

  it('is one of each combination of parameters', async () => {
    await using server = await httpServer(({ url }, answer) => void answer.end(`1,${url.search}\n`));
    const params =
      'params: [{name: q, value: "{a,b c}-{1..2}", expand: true}, {name: n, values: [x, y], expand: true}, ' +
      '{name: m, values: ["1", "2"]}, {name: lit, value: "{z}"}]';
    const { records } = await run(job(server.url, [csv, params]));
    expect(server.asked.map(({ url }) => url.search)).toEqual(
      ['x', 'y'].flatMap((n) => ['a-1', 'a-2', 'b+c-1', 'b+c-2'].map((q) => `?q=${q}&n=${n}&m=1&m=2&lit=%7Bz%7D`)),
    );
    expect(records.split('|')).toHaveLength(8);
  });

  it('posts parameters as a form, or a body', async () => {
    await using server = await httpServer(answers('1,x\n'));
    await run(job(server.url, [csv, 'method: post', 'params: [{name: q, value: "a é"}]']));
    await run(
      job(server.url, [
        csv,
        'method: POST',
        'params: [{name: q, value: a}]',
        `request_body: '{"é":1}'`,
        'request_headers: {Content-Type: application/json}',
      ]),
    );
    expect(
      server.asked.map(({ method, body, url, headers }) => [method, body, url.search, headers['content-type']]),
    ).toEqual([
      ['POST', 'q=a+%C3%A9', '', 'application/x-www-form-urlencoded'],
      ['POST', '{"é":1}', '?q=a', 'application/json'],
    ]);
  });

  it.each<[string, (text: string) => Buffer]>([
    ['gzip', gzipSync],
    ['br', (text) => brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ['zstd', zstdCompressSync],
    ['deflate', deflateSync],
  ])('undoes the content encoding %s', async (encoding, pack) => {
    const text = rows(20_000);
    await using server = await httpServer(({ headers }, answer) => {
      expect(headers['accept-encoding']).toContain('gzip');
      answer.writeHead(200, { 'content-encoding': encoding }).end(pack(text));
    });
    await using place = await workspace({ 'config.yml': job(server.url, [csv]) });
    const result = await place.ropeway(['run', 'config.yml']);
    expect(result.exitCode, result.stderr).toBe(0);
    expect((await place.read('out/r_000.00.csv')).replaceAll('\r\n', '\n')).toBe(text);
  });

  it('takes an empty answer for no records', async () => {
    await using server = await httpServer((_asked, answer) => void answer.writeHead(204).end());
    const { exitCode, records } = await run(job(server.url, [csv]));
    expect([exitCode, records]).toEqual([0, '']);
  });

  it('is guessed and previewed', async () => {
    await using server = await httpServer(answers('id,name\n1,x\n2,y\n'));
    await using place = await workspace({
      'seed.yml': `in: {type: http, url: '${server.url}'}\nout: {type: stdout}\n`,
    });
    const guess = await place.ropeway(['guess', 'seed.yml', '-o', 'config.yml']);
    expect(guess.exitCode, guess.stderr).toBe(0);
    expect((await place.ropeway(['preview', 'config.yml'])).stdout).toContain('id:long');
  });
});

describe('credentials', () => {
  const secrets = [
    'basic_auth: {user: me, password: hush-1}',
    'auth_headers: {X-Api-Key: hush-2}',
    'auth_params: {token: hush-3}',
  ];

  it('are sent to the host of the URL only, and never shown', async () => {
    await using other = await httpServer(answers('1,x\n'));
    await using server = await httpServer(({ url }, answer) => {
      const location = url.pathname === '/a' ? '/b?token=hush-3' : `${other.url}/c`;
      answer.writeHead(302, { location }).end();
    });
    const { exitCode, stderr } = await run(job(`${server.url}/a`, [csv, ...secrets, 'request_headers: {X-Id: "7"}']));
    expect(exitCode, stderr).toBe(0);
    for (const asked of server.asked) {
      expect(asked.headers).toMatchObject({
        authorization: `Basic ${Buffer.from('me:hush-1').toString('base64')}`,
        'x-api-key': 'hush-2',
        'x-id': '7',
      });
      expect(asked.url.searchParams.get('token')).toBe('hush-3');
    }
    expect(server.asked).toHaveLength(2);
    expect(JSON.stringify([other.asked, stderr])).not.toMatch(/hush|authorization|x-api|x-id/);
  });

  it('may be a bearer token', async () => {
    await using server = await httpServer(answers('1,x\n'));
    await run(job(server.url, [csv, 'bearer_token: hush']));
    expect(server.asked[0]?.headers.authorization).toBe('Bearer hush');
  });

  it('that are refused are told, and not repeated', async () => {
    await using server = await httpServer(
      (_asked, answer) => void answer.writeHead(401).end('{"error": "bad key hush-2\n for hush-1, hush-3."}'),
    );
    const { exitCode, stderr } = await run(job(server.url, [csv, ...secrets, ...impatient]));
    expect([exitCode, server.asked.length]).toEqual([1, 1]);
    expect(stderr).toContain('error[HTTP_REFUSED');
    expect(stderr).toContain('401 Unauthorized: {"error": "bad key *** for ***, ***."}');
    expect(stderr).not.toContain('hush');
  });
});

describe('pages', () => {
  const page = (answer: ServerResponse, records: readonly number[], more: object = {}): void =>
    void answer.end(JSON.stringify({ data: records.map((a) => ({ a })), ...more }));

  it.each<[string, string, string[]]>([
    [
      'from and to',
      '{from_param: from, to_param: to, pages: 3, start: 1, step: 10}',
      ['?s=9&from=1&to=10', '?s=9&from=11&to=20', '?s=9&from=21&to=30'],
    ],
    ['a number', '{from_param: page, pages: 2, start: 1}', ['?s=9&page=1', '?s=9&page=2']],
  ])('are counted: %s', async (_title, pager, expected) => {
    await using server = await httpServer(({ index }, answer) => page(answer, [index]));
    const { exitCode, stderr, records } = await run(
      job(server.url, [json, `pager: ${pager}`, 'params: [{name: s, value: "9"}]']),
    );
    expect(exitCode, stderr).toBe(0);
    expect(server.asked.map(({ url }) => url.search)).toEqual(expected);
    expect(records).toBe(expected.map((_, index) => index).join('|'));
  });

  it('end with one that is empty, or with what says so', async () => {
    await using server = await httpServer(({ url, index }, answer) => {
      const offset = Number(url.searchParams.get('offset'));
      page(answer, offset < 30 ? [index] : [], { more: offset < 10 });
    });
    const pager = 'from_param: offset, step: 10';
    const empty = await run(job(server.url, [json, `pager: {${pager}, records_at: /data}`]));
    expect([empty.records, server.asked.length]).toEqual(['0 1 2', 4]);
    const said = await run(job(server.url, [json, `pager: {${pager}, more_at: /more}`]));
    expect(said.records).toBe('4 5');
    const few = await run(job(server.url, [json, `pager: {${pager}, records_at: /data, pages: 2}`]));
    expect(few.records).toBe('6 7');
  });

  it('are followed by a cursor, with its digits', async () => {
    const cursors = ['"a/b c"', '9223372036854775807', 'null'];
    await using server = await httpServer(({ index }, answer) => {
      answer.end(`{"meta": {"next": ${cursors[index]}}, "data": [{"a": ${index}}]}`);
    });
    const { exitCode, stderr, records } = await run(
      job(server.url, [
        json,
        'pager: {style: cursor, cursor_param: c, cursor_at: /meta/next}',
        'params: [{name: n, value: "5"}]',
      ]),
    );
    expect(exitCode, stderr).toBe(0);
    expect(records).toBe('0 1 2');
    expect(server.asked.map(({ url }) => url.search)).toEqual(['?n=5', '?n=5&c=a%2Fb+c', '?n=5&c=9223372036854775807']);
  });

  it('may be asked for in the JSON that is posted', async () => {
    const cursors = ['"a"', '9223372036854775807', 'null'];
    await using server = await httpServer(({ index }, answer) => {
      answer.end(`{"next": ${cursors[index]}, "data": [{"a": ${index}}]}`);
    });
    const options = ['method: post', 'params_in: json', `request_body: '{"filter": {"id": 12345678901234567890} }'`];
    const { exitCode, stderr, records } = await run(
      job(server.url, [json, ...options, 'pager: {style: cursor, cursor_param: after, cursor_at: /next}']),
    );
    expect(exitCode, stderr).toBe(0);
    expect(records).toBe('0 1 2');
    const filter = '{"filter": {"id": 12345678901234567890} ';
    expect(server.asked.map(({ body }) => body)).toEqual([
      `${filter}}`,
      `${filter},"after":"a"}`,
      `${filter},"after":9223372036854775807}`,
    ]);
    expect(server.asked[0]?.headers['content-type']).toBe('application/json');
  });

  it('are followed by the header Link', async () => {
    await using server = await httpServer(({ index, url }, answer) => {
      const next = `</x,y?page=${index + 1}&token=hush>; title="a, \\"b\\""; rel="prev next"`;
      if (index < 2) answer.setHeader('link', [`<${url.origin}/first>; rel=first`, next]);
      page(answer, [index]);
    });
    const { records, stderr } = await run(
      job(server.url, [json, 'pager: {style: link}', 'auth_params: {token: hush}']),
    );
    expect(records).toBe('0 1 2');
    expect(server.asked.map(({ url }) => url.pathname + url.search)).toEqual([
      '/?token=hush',
      '/x,y?page=1&token=hush',
      '/x,y?page=2&token=hush',
    ]);
    expect(stderr).not.toContain('hush');
  });

  it('are followed by an address in the answer', async () => {
    await using server = await httpServer(({ index, url }, answer) => {
      page(answer, [index], index < 2 ? { next: index === 0 ? '?p=1' : `${url.origin}/x?p=2` } : {});
    });
    const { records } = await run(job(`${server.url}/list`, [json, 'pager: {style: next_url, next_url_at: /next}']));
    expect(records).toBe('0 1 2');
    expect(server.asked.map(({ url }) => url.pathname + url.search)).toEqual(['/list', '/list?p=1', '/x?p=2']);
  });

  it.each<[string, object, string, string]>([
    ['on another host', { next: 'http://127.0.0.2:9/x' }, 'HTTP_NEXT_PAGE', '127.0.0.2'],
    ['by another scheme', { next: 'file:///etc/passwd' }, 'HTTP_NEXT_PAGE', 'file:'],
    ['of itself', { next: '/list' }, 'HTTP_NEXT_PAGE', 'names itself'],
  ])('are refused: %s', async (_title, more, code, words) => {
    await using server = await httpServer((_asked, answer) => page(answer, [1], more));
    const { exitCode, stderr } = await run(
      job(`${server.url}/list`, [json, 'pager: {style: next_url, next_url_at: /next}', 'bearer_token: hush']),
    );
    expect([exitCode, server.asked.length]).toEqual([1, 1]);
    expect(stderr).toContain(`error[${code}`);
    expect(stderr).toContain(words);
  });

  it('have a limit', async () => {
    await using server = await httpServer(({ index }, answer) => page(answer, [index], { c: index }));
    const { exitCode, stderr } = await run(
      job(server.url, [json, 'pager: {style: cursor, cursor_param: c, cursor_at: /c, pages_max: 5}']),
    );
    expect([exitCode, server.asked.length]).toEqual([1, 5]);
    expect(stderr).toContain('HTTP_PAGES_LIMIT');
  });

  it('come one after the other, with a pause', async () => {
    const times: number[] = [];
    await using server = await httpServer(({ index }, answer) => {
      times.push(performance.now());
      page(answer, [index]);
    });
    await run(job(server.url, [json, 'pager: {from_param: p, pages: 3}', 'request_interval: 150']));
    expect(Math.min(...times.slice(1).map((time, index) => time - (times[index] ?? 0)))).toBeGreaterThan(140);
  });
});

describe('a server in trouble', () => {
  it('is asked again, and after what it asks for', async () => {
    const times: number[] = [];
    await using server = await httpServer(({ index }, answer) => {
      times.push(performance.now());
      if (index === 0) answer.writeHead(503, { 'retry-after': '1' }).end('busy');
      else if (index === 1) answer.writeHead(429).end();
      else if (index === 2) answer.socket?.destroy();
      else answer.end('1,x\n');
    });
    const { exitCode, stderr, records } = await run(job(server.url, [csv, ...impatient]));
    expect(exitCode, stderr).toBe(0);
    expect(records).toBe('1,x');
    expect(stderr.match(/it will be tried again/g)).toHaveLength(3);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(950);
  });

  it.each<[string, Handler, string, number]>([
    ['is always busy', (_asked, answer) => void answer.writeHead(503).end(), 'HTTP_BUSY', 2],
    [
      'wants years',
      (_asked, answer) => void answer.writeHead(503, { 'retry-after': '99999999' }).end(),
      'HTTP_BUSY',
      1,
    ],
    ['fails', (_asked, answer) => void answer.writeHead(500).end('<h1>boom</h1>'), 'HTTP_UNAVAILABLE', 2],
    ['does not have it', (_asked, answer) => void answer.writeHead(404).end(), 'HTTP_NOT_FOUND', 1],
    ['does not want it', (_asked, answer) => void answer.writeHead(400).end('no such field'), 'HTTP_STATUS', 1],
    ['hangs', () => {}, 'HTTP_UNREACHABLE', 2],
    [
      'falls silent',
      (_asked, answer) => void answer.writeHead(200, { 'content-length': 9 }).write('1,x\n'),
      'HTTP_CUT',
      1,
    ],
    ['speaks otherwise', (_asked, answer) => void answer.socket?.end('SSH-2.0-x\r\n'), 'HTTP_PROTOCOL', 1],
    [
      'redirects for ever',
      (_asked, answer) => void answer.writeHead(302, { location: '/' }).end(),
      'HTTP_REDIRECT',
      11,
    ],
    [
      'redirects to a file',
      (_asked, answer) => void answer.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      'HTTP_REDIRECT',
      1,
    ],
    [
      'packs as it likes',
      (_asked, answer) => void answer.writeHead(200, { 'content-encoding': 'lzma' }).end('x'),
      'HTTP_ENCODING',
      1,
    ],
    [
      'packs badly',
      (_asked, answer) => void answer.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip at all'),
      'COMPRESSED_NOT_THIS',
      1,
    ],
  ])('%s', async (_title, handler, code, requests) => {
    await using server = await httpServer(handler);
    const { exitCode, stderr, records } = await run(
      job(server.url, [csv, 'max_retries: 1', 'retry_interval: 1', 'read_timeout: 200']),
    );
    expect(stderr).toContain(`error[${code}`);
    expect([exitCode, server.asked.length, records]).toEqual([1, requests, '']);
  });

  it('is not there', async () => {
    const closed = await httpServer(() => {});
    await closed[Symbol.asyncDispose]();
    const refused = await run(job(closed.url, [csv, ...impatient]));
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('error[HTTP_UNREACHABLE')]);
    const unknown = await run(job('http://nowhere.test.invalid', [csv, ...impatient]));
    expect(unknown.stderr).toMatch(/error\[HTTP_(HOST_UNKNOWN|UNREACHABLE)/);
  });

  it('cuts connections: the rest is fetched, if it is the rest of the same', async () => {
    const text = rows(30_000);
    const etag = '"v1"';
    await using server = await httpServer(({ headers, index }, answer) => {
      const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
      if (index > 0) expect(headers['if-range']).toBe(etag);
      if (from > 0) answer.statusCode = 206;
      const range = { 'content-range': `bytes ${from}-${text.length - 1}/${text.length}` };
      const more = from > 0 ? { etag, ...range } : { etag };
      if (index < 3) cut(answer, text.slice(from), 200_000, more);
      else answer.writeHead(answer.statusCode, more).end(text.slice(from));
    });
    await using place = await workspace({ 'config.yml': job(server.url, [csv, ...impatient]) });
    const result = await place.ropeway(['run', 'config.yml']);
    expect(result.exitCode, result.stderr).toBe(0);
    expect((await place.read('out/r_000.00.csv')).replaceAll('\r\n', '\n')).toBe(text);
    expect(server.asked).toHaveLength(4);
  });

  it('cuts connections: what cannot be continued is an error, or is fetched whole first', async () => {
    const text = rows(30_000);
    const handler =
      (etag: Record<string, string>): Handler =>
      ({ index }, answer) => {
        if (index === 0) cut(answer, text, 300_000, etag);
        else answer.end(text);
      };
    await using plain = await httpServer(handler({}));
    const broken = await run(job(plain.url, [csv, ...impatient]));
    expect([broken.exitCode, broken.records]).toEqual([1, '']);
    expect(broken.stderr).toContain('HTTP_CUT');
    expect(broken.stderr).toContain('input_direct: false');
    await using changed = await httpServer(handler({ etag: '"v1"' }));
    expect((await run(job(changed.url, [csv, ...impatient]))).stderr).toContain('HTTP_CUT');
    await using patient = await httpServer(handler({}));
    const whole = await run(job(patient.url, [csv, ...impatient, 'input_direct: false']));
    expect(whole.exitCode, whole.stderr).toBe(0);
    expect(whole.records.split(' ').length).toBeGreaterThan(30_000);
  });

  it('does not keep a run from being stopped', async () => {
    let pid = 0;
    let stoppedAt = 0;
    await using server = await httpServer(() => {
      stoppedAt = performance.now();
      process.kill(pid, 'SIGINT');
    });
    const { exitCode, records } = await run(job(server.url, [csv]), {
      started: (started) => {
        pid = started;
      },
    });
    expect([exitCode, records]).toEqual([130, '']);
    expect(performance.now() - stoppedAt).toBeLessThan(60_000);
  });

  it('does not keep a run that waits for another try from being stopped', async () => {
    let pid = 0;
    await using server = await httpServer((_asked, answer) => {
      answer.writeHead(503).end();
      answer.on('close', () => setTimeout(() => process.kill(pid, 'SIGINT'), 100));
    });
    const { exitCode } = await run(job(server.url, [csv]), {
      started: (started) => {
        pid = started;
      },
    });
    expect(exitCode).toBe(130);
  });
});

describe('a proxy', () => {
  it('is used, and logged in to', async () => {
    await using server = await httpServer(answers('1,x\n'));
    await using proxy = await cuttingProxy(server.port, {});
    const { exitCode, stderr, records } = await run(
      job('http://files.test.invalid/f', [
        csv,
        `http_proxy: {host: 127.0.0.1, port: ${proxy.port}, user: me, password: hush}`,
      ]),
    );
    expect(exitCode, stderr).toBe(0);
    expect(records).toBe('1,x');
    expect(proxy.asked).toEqual(['GET http://files.test.invalid/f']);
    expect(server.asked[0]?.headers['proxy-authorization']).toBe(`Basic ${Buffer.from('me:hush').toString('base64')}`);
  });
});

describe('a redirect', () => {
  const post = ['method: post', 'request_body: hush'];
  const redirecting =
    (status: number, location: string): Handler =>
    ({ url }, answer) => {
      if (url.pathname === '/from') answer.writeHead(status, { location }).end();
      else answer.end('1,x\n');
    };

  it.each([
    [302, 'GET', ''],
    [303, 'GET', ''],
    [307, 'POST', 'hush'],
    [308, 'POST', 'hush'],
  ])('of what is posted by %i leads to a %s', async (status, method, body) => {
    await using server = await httpServer(redirecting(status, '/to'));
    const { exitCode, stderr } = await run(job(`${server.url}/from`, [csv, ...post]));
    expect(exitCode, stderr).toBe(0);
    expect(server.asked.map((asked) => [asked.method, asked.url.pathname, asked.body])).toEqual([
      ['POST', '/from', 'hush'],
      [method, '/to', body],
    ]);
  });

  it('does not take what is posted to another host', async () => {
    await using other = await httpServer(answers('1,x\n'));
    await using server = await httpServer(redirecting(307, `${other.url}/to`));
    const { exitCode, stderr } = await run(job(`${server.url}/from`, [csv, ...post]));
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('error[HTTP_REDIRECT')]);
    expect(other.asked).toEqual([]);
  });

  it('does not lead from https to http', async () => {
    using authority = certificateAuthority();
    await using plain = await httpServer(answers('1,x\n'));
    const certificate = authority.issue('files', ['IP:127.0.0.1']);
    await using server = await httpsServer(certificate, (_asked, answer) => {
      answer.writeHead(302, { location: plain.url }).end();
    });
    const { exitCode, stderr } = await run(
      job(`https://127.0.0.1:${server.port}/`, [csv, `tls_ca_file: ${authority.caFile}`]),
    );
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('from https: to http:')]);
    expect(plain.asked).toEqual([]);
  });
});

it('does not show a password of the URL', async () => {
  const { exitCode, stderr } = await run(job('http://me:hush@127.0.0.1/', [csv]));
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('error[HTTP_URL')]);
  expect(stderr).not.toContain('hush');
});
