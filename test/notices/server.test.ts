/**
 * The whole of it with processes of their own: a run fails, its server is killed as soon as it has, and the next server
 * tells everybody once.
 */
import { expect, it } from 'vitest';
import { httpServer } from '#test/kit/http-server.ts';
import { serverProcess } from '#test/kit/server-process.ts';
import type { ServerProcess } from '#test/kit/server-process.ts';
import { smtpReceiver } from '#test/kit/smtp-receiver.ts';
import { until } from '#test/kit/until.ts';
import { workspace } from '#test/kit/workspace.ts';

const TEST_MS_MAX = 600_000;

it('notices come though the server that ran the transfer is gone', { timeout: TEST_MS_MAX }, async () => {
  await using place = await workspace();
  await using receiver = await smtpReceiver();
  let isHeard = false;
  await using hook = await httpServer((_, answer) => {
    // Until it is wanted: what is not sent by the first server has to be sent by the next.
    if (!isHeard) return void answer.writeHead(503, { 'retry-after': '0' }).end('later');
    answer.end('thank you');
  });
  const dataFolder = place.path('data');
  const env = {
    ...{ ROPEWAY_TIMER_DIVISOR: '10', ROPEWAY_NOTICE_ALLOW: '127.0.0.0/8' },
    ...{ ROPEWAY_SMTP_URL: `smtp://127.0.0.1:${receiver.port}?tls=none`, ROPEWAY_SMTP_FROM: 'Ropeway <r@example.com>' },
  };
  const open = (port = 0): Promise<ServerProcess> => serverProcess({ dataFolder, port, env });
  const first = await open();
  const { client } = first;
  const command = (args: readonly string[]) =>
    place.ropeway(['notices', ...args, '--json', '--data', dataFolder], {
      env: { ROPEWAY_URL: first.url, ROPEWAY_TOKEN: '' },
    });

  const mail = { name: 'mail', kind: 'email', options: { addresses: ['me@example.com'] } } as const;
  const mailId = (await client.call('destinations.create', { body: { ...mail } })).id;
  const question = await until('the question has come', () => Promise.resolve(receiver.mails[0]));
  const link = /http:\S+/.exec(question.text)?.[0] ?? '';
  expect(link).toMatch(new RegExp(`^${first.url}/notices/confirm\\?token=`));
  expect(await (await fetch(link)).text()).toContain('<form method="post">');
  const token = new URL(link).searchParams.get('token') ?? '';
  const pressed = await fetch(link, { method: 'POST', body: new URLSearchParams({ token }) });
  expect([pressed.status, await pressed.text()]).toEqual([200, expect.stringContaining('The address is confirmed.')]);

  const refused = client.call('destinations.create', {
    body: { name: 'self', kind: 'http', options: { url: `${first.url}/api/v1/runs` } },
  });
  await expect(refused).rejects.toMatchObject({ status: 422 });
  const http = { name: 'hook', kind: 'http', options: { url: hook.url } } as const;
  const hookId = (await client.call('destinations.create', { body: { ...http } })).id;
  const tried = await command(['test', 'hook']);
  expect([tried.exitCode, JSON.parse(tried.stdout)]).toMatchObject([1, { outcome: 'retry', status: 503 }]);
  for (const destinationId of [mailId, hookId]) {
    const body = { name: `to ${destinationId}`, scope: 'workspace', destinationId, event: 'run_failed' } as const;
    await client.call('noticeRules.create', { body: { ...body } });
  }
  await place.write('in/rows.csv', 'no number\n');
  const parser = { type: 'csv', columns: [{ name: 'a', type: 'long' }], stop_on_invalid_record: true };
  const config = {
    in: { type: 'file', path_prefix: place.path('in/rows'), parser },
    out: { type: 'file', path_prefix: place.path('out/r'), file_ext: 'csv', formatter: { type: 'csv' } },
  };
  const transfer = await client.call('transfers.create', { body: { name: 'broken', config } });
  const { id } = await client.call('transfers.run', { params: { id: transfer.id }, body: {} });
  await until('the run has ended', async () => {
    const { state } = await client.call('runs.get', { params: { id } });
    return state === 'FAILED' ? state : undefined;
  });
  await first.end('SIGKILL');
  isHeard = true;
  await using second = await open(first.port);
  const notices = () => hook.asked.filter(({ headers }) => headers['ropeway-test'] === undefined);
  await until('the hook has heard', () => Promise.resolve(notices().length > 0 && isHeard ? true : undefined));
  await until('everything is sent', async () => {
    const { items } = await second.client.call('deliveries.list', { query: { runId: id, state: 'sent' } });
    return items.length === 2 ? items : undefined;
  });
  const log = await command(['log', '--run', id]);
  expect(
    log.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toMatchObject([
    { state: 'sent', subject: 'Failed: broken' },
    { state: 'sent', subject: 'Failed: broken' },
  ]);
  // Whoever sent it: one message, under one id.
  const keys = new Set(notices().map(({ headers }) => headers['idempotency-key']));
  expect(keys.size).toBe(1);
  expect(JSON.parse(notices().at(-1)?.body ?? '')).toMatchObject({
    event: 'run_failed',
    transfer: { name: 'broken' },
    run: { id, state: 'FAILED', url: `${first.url}/runs/${id}`, attempts: 1 },
    error: { code: expect.stringMatching(/^[A-Z_]+$/) as string },
  });
  const told = receiver.mails.filter(({ headers }) => headers['subject'] === 'Failed: broken');
  expect(new Set(told.map(({ headers }) => headers['message-id'])).size).toBe(1);
  const destinations = await command(['destinations']);
  expect(destinations.stdout).toContain('"name":"hook"');
});
