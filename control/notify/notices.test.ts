import { BlockList } from 'node:net';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiError } from '#api/api-error.ts';
import { makeClient } from '#api/client.ts';
import { createToken } from '#control/auth/tokens.ts';
import { newId } from '#control/store/ids.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { httpServer } from '#test/kit/http-server.ts';
import { addRun, addTransfer, localSettings, mailThrough, notifierOn } from '#test/kit/notice-rows.ts';
import { smtpReceiver } from '#test/kit/smtp-receiver.ts';
import type { SmtpReceiver } from '#test/kit/smtp-receiver.ts';
import { confirmPage } from './confirm-page.ts';
import type { NoticeSettings } from './settings.ts';

let api: ControlApi;
let client: ControlApi['own']['client'];
let receiver: SmtpReceiver;
let settings: NoticeSettings;

beforeAll(async () => {
  receiver = await smtpReceiver();
  settings = localSettings(mailThrough(receiver.port));
  api = await controlApi({ notices: { ...settings } });
  await administer(api);
  ({ client } = api.own);
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

let count = 0;
const fresh = (): string => `name ${(count += 1)}`;
const http = (url: string, more: object = {}) =>
  client.call('destinations.create', { body: { name: fresh(), kind: 'http', options: { url, ...more } } });
/** Each once: one field may be wrong in several ways. */
const paths = (error: unknown): string[] => [
  ...new Set((error as ApiError).problem.errors?.map(({ path }) => path.join('.'))),
];
const administer = ({ store, own }: ControlApi): Promise<unknown> =>
  sql`update token set administers_installation = true where workspace_id = ${own.workspaceId}`.execute(store.db);
const refusal = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );
const notifier = () => notifierOn(api.store, { keys: api.keys, settings });

describe('destinations', () => {
  it('never show a secret again, and keep it when it is not named', async () => {
    await using server = await httpServer((_, answer) => void answer.end('ok'));
    const headers = [
      { name: 'X-Plain', value: 'p' },
      { name: 'X-Key', value: 'canary-1', isSecret: true },
    ];
    const params = [{ name: 'token', value: 'canary-2', isSecret: true }];
    const made = await http(server.url, { headers, params });
    expect(made.options).toEqual({
      ...{ url: server.url, method: 'POST', contentType: 'application/json' },
      headers: [
        { name: 'X-Plain', value: 'p', isSecret: false },
        { name: 'X-Key', isSecret: true },
      ],
      params: [{ name: 'token', isSecret: true }],
    });
    // What was read, written back, changes nothing.
    const { options, name, id } = made;
    const update = { params: { id }, body: { name, options }, ifMatch: '"1"' };
    expect(await client.call('destinations.update', update)).toEqual(made);
    const put = await client.call('destinations.update', {
      ...update,
      body: { options: { ...options, method: 'PUT', headers: options.headers?.slice(1) } },
    });
    expect(put.version).toBe(2);
    const { results } = await client.call('destinations.test', { params: { id }, body: {} });
    expect(results).toMatchObject([{ outcome: 'sent', status: 200, answer: 'ok', address: null }]);
    expect(server.asked).toMatchObject([{ method: 'PUT', headers: { 'x-key': 'canary-1', 'ropeway-test': 'true' } }]);
    expect(server.asked[0]?.url.searchParams.get('token')).toBe('canary-2');
    expect(server.asked[0]?.headers['x-plain']).toBeUndefined();
    const { rows } = await sql<{ all: string }>`select (select string_agg(t::text, '') from notice_destination t)
      || (select string_agg(t::text, '') from notice_delivery t) as all`.execute(api.store.db);
    expect(rows[0]?.all).not.toContain('canary');
    expect(api.log.join('')).not.toContain('canary');
  });

  it.each<[string, object, string]>([
    ['http', { url: 'ftp://a.test' }, 'options.url'],
    ['http', { url: 'http://user:pass@a.test' }, 'options.url'],
    ['http', { url: 'http://10.0.0.1/' }, 'options.url'],
    ['http', { url: 'http://[::1]/' }, 'options.url'],
    ['http', { url: 'https://a.test', headers: [{ name: 'Host', value: 'b' }] }, 'options.headers.0.name'],
    ['http', { url: 'https://a.test', headers: [{ name: 'a b', value: 'b' }] }, 'options.headers.0.name'],
    ['http', { url: 'https://a.test', headers: [{ name: 'a', value: 'b\r\nc: d' }] }, 'options.headers.0.value'],
    ['http', { url: 'https://a.test', headers: [{ name: 'a', value: '漢' }] }, 'options.headers.0.value'],
    ['http', { url: 'https://a.test', headers: [{ name: 'a', isSecret: true }] }, 'options.headers.0.value'],
    [
      'http',
      {
        url: 'https://a.test',
        headers: [
          { name: 'a', value: '1' },
          { name: 'A', value: '2' },
        ],
      },
      'options.headers.1.name',
    ],
    ['http', { url: 'https://a.test', other: 1 }, 'options.other'],
    ['slack', {}, 'options.webhookUrl'],
    ['slack', { webhookUrl: 'file:///etc/passwd' }, 'options.webhookUrl'],
    ['email', { addresses: [] }, 'options.addresses'],
    ['email', { addresses: ['a@b.test\r\nRCPT TO:<c@d.test>'] }, 'options.addresses.0'],
    ['email', { addresses: ['a@b.test,c@d.test'] }, 'options.addresses.0'],
  ])('%s refuses %o', async (kind, options, field) => {
    const call = client.call('destinations.create', {
      body: { name: fresh(), kind: kind as 'http', options: { ...options } },
    });
    const error = await refusal(call);
    expect(error).toMatchObject({ status: 422 });
    expect(paths(error)).toEqual([field]);
  });

  it('are listed in pages, and not shown to other workspaces', async () => {
    const name = `listed ${fresh()}`;
    for (const part of ['b', 'a', 'c']) {
      await client.call('destinations.create', {
        body: { name: `${name} ${part}`, kind: 'slack', options: { webhookUrl: 'https://hooks.slack.test/x' } },
      });
    }
    const names: string[] = [];
    for await (const item of client.items('destinations.list', { query: { q: name, limit: 2 } })) names.push(item.name);
    expect(names).toEqual([`${name} a`, `${name} b`, `${name} c`]);
    const { items } = await client.call('destinations.list', { query: { q: name } });
    const id = items[0]?.id ?? '';
    expect((await api.other.client.call('destinations.list')).items).toEqual([]);
    await expect(api.other.client.call('destinations.get', { params: { id } })).rejects.toMatchObject({ status: 404 });
    await expect(api.other.client.call('destinations.test', { params: { id }, body: {} })).rejects.toMatchObject({
      status: 404,
    });
  });

  it('are not deleted while a rule sends there', async () => {
    const { id, name } = await http('https://a.test');
    const rule = await client.call('noticeRules.create', {
      body: { name: fresh(), scope: 'workspace', destinationId: id, event: 'run_failed' },
    });
    await expect(client.call('destinations.delete', { params: { id } })).rejects.toMatchObject({
      status: 409,
      problem: { users: [{ kind: 'rule', id: rule.id }], detail: expect.stringContaining(name) as string },
    });
    await client.call('noticeRules.delete', { params: { id: rule.id } });
    await client.call('destinations.delete', { params: { id } });
  });

  it('say what became of a test, whatever it was', async () => {
    await using server = await httpServer((_, answer) => void answer.writeHead(410).end('gone for good'));
    const { id } = await http(server.url);
    const { results } = await client.call('destinations.test', { params: { id }, body: { event: 'record_count' } });
    expect(results).toMatchObject([{ outcome: 'failed', status: 410, answer: 'gone for good' }]);
    expect(JSON.parse(server.asked[0]?.body ?? '')).toMatchObject({
      event: 'record_count',
      rule: expect.stringMatching(/^\[test\]/) as string,
    });
    const log = await client.call('deliveries.list', { query: { destinationId: id } });
    expect(log.items).toMatchObject([
      { kind: 'test', state: 'dead', lastStatus: 410, subject: expect.stringMatching(/^\[test\]/) as string },
    ]);
    const again = client.call('deliveries.resend', { params: { id: log.items[0]?.id ?? '' } });
    await expect(again).rejects.toMatchObject({ status: 409, code: 'DELIVERY_NOT_REPEATED' });
    const bad = client.call('destinations.test', { params: { id }, body: { body: '{{ nothing }}' } });
    await expect(bad).rejects.toMatchObject({ status: 422, code: 'NOTICE_TEMPLATE_INVALID' });
  });
});

describe('e-mail addresses', () => {
  const linkIn = (text: string): string => /token=([\w.-]+)/.exec(text)?.[1] ?? '';

  it('are asked before anything is sent to them, by a link that is good once', async () => {
    const body = {
      name: fresh(),
      kind: 'email',
      options: { addresses: ['One@EXAMPLE.com', 'two@example.com'] },
    } as const;
    const made = await client.call('destinations.create', { body: { ...body } });
    const { id } = made;
    expect(made.options.addresses).toMatchObject([
      { address: 'One@example.com', confirmedAt: null },
      { address: 'two@example.com', confirmedAt: null },
    ]);
    const early = client.call('destinations.test', { params: { id }, body: {} });
    await expect(early).rejects.toMatchObject({ status: 409, code: 'NOTICE_ADDRESS_UNCONFIRMED' });
    await notifier().deliver();
    const questions = receiver.mails.filter(({ headers }) => headers['subject']?.startsWith('Confirm'));
    expect(questions.map(({ to }) => String(to[0])).sort()).toEqual(['One@example.com', 'two@example.com']);
    const question = questions.find(({ to }) => to[0] === 'One@example.com');
    expect(question?.text).toContain('https://ropeway.test/notices/confirm?token=');
    const token = linkIn(question?.text ?? '');
    // What is written down holds no link.
    const { rows } = await sql<{ all: string }>`select (select string_agg(t::text, '') from notice_delivery t)
      || (select string_agg(t::text, '') from notice_attempt t) as all`.execute(api.store.db);
    expect(rows[0]?.all).not.toContain(token);

    for (const wrong of ['', 'x', `${token}x`, token.replace(/^./, '1'), token.replace(/\.1\./, '.2.')]) {
      const refused = client.call('destinations.confirm', { body: { token: wrong || ' ' } });
      await expect(refused, wrong).rejects.toMatchObject({ status: 404, code: 'NOTICE_LINK_REFUSED' });
    }
    const confirm = (): Promise<unknown> => client.call('destinations.confirm', { body: { token } });
    expect(await confirm()).toEqual({ address: 'One@example.com' });
    await expect(confirm()).rejects.toMatchObject({ status: 404 });
    const { results } = await client.call('destinations.test', { params: { id }, body: { language: 'ja' } });
    expect(results).toMatchObject([{ outcome: 'sent', address: 'One@example.com' }]);
    expect(receiver.mails.at(-1)?.headers['subject']).toBe('[test] 失敗: orders to the warehouse');

    // One that stays is confirmed still; one that comes back is not.
    const change = (addresses: string[], version: number) =>
      client.call('destinations.update', { params: { id }, body: { options: { addresses } }, ifMatch: `"${version}"` });
    const kept = await change(['One@example.com', 'three@example.com'], 1);
    expect(kept.options.addresses?.map(({ confirmedAt }) => confirmedAt !== null)).toEqual([true, false]);
    await change(['three@example.com'], 2);
    const back = await change(['One@example.com', 'three@example.com'], 3);
    expect(back.options.addresses?.map(({ confirmedAt }) => confirmedAt !== null)).toEqual([false, false]);
  });

  it('are not asked again and again', async () => {
    const body = { name: fresh(), kind: 'email', options: { addresses: ['slow@example.com'] } } as const;
    const { id } = await client.call('destinations.create', { body: { ...body } });
    const ask = (): Promise<unknown> => client.call('destinations.ask', { params: { id } });
    await expect(ask()).rejects.toMatchObject({ status: 409, code: 'NOTICE_LINKS_EXCEEDED' });
    const later = () =>
      sql`update notice_address set link_sent_at = link_sent_at - interval '2 hours'
        where destination_id = ${id}`.execute(api.store.db);
    for (let links = 1; links < 5; links++) {
      await later();
      await ask();
    }
    await later();
    await expect(ask()).rejects.toMatchObject({ code: 'NOTICE_LINKS_EXCEEDED' });
    // Only the last link is good, and only for a day.
    await notifier().deliver();
    await notifier().deliver();
    await notifier().deliver();
    const mails = receiver.mails.filter(({ to }) => to[0] === 'slow@example.com');
    const token = linkIn(mails.at(-1)?.text ?? '');
    await sql`update notice_address set link_sent_at = link_sent_at - interval '23 hours'
      where destination_id = ${id}`.execute(api.store.db);
    const late = client.call('destinations.confirm', { body: { token } });
    await expect(late).rejects.toMatchObject({ code: 'NOTICE_LINK_REFUSED' });
  });

  it('are confirmed by a button, not by looking at the page', async () => {
    const body = { name: fresh(), kind: 'email', options: { addresses: ['page@example.com'] } } as const;
    const { id } = await client.call('destinations.create', { body: { ...body } });
    await notifier().deliver();
    const token = linkIn(receiver.mails.findLast(({ to }) => to[0] === 'page@example.com')?.text ?? '');
    const page = confirmPage({ db: api.store.db, keys: api.keys, installationId: settings.installationId });
    const url = `https://ropeway.test/notices/confirm?token=${token}`;
    const shown = await page(new Request(url));
    expect([shown.status, await shown.text()]).toEqual([200, expect.stringContaining(`value="${token}"`)]);
    const confirmedAt = async () =>
      (await client.call('destinations.get', { params: { id } })).options.addresses?.[0]?.confirmedAt;
    expect(await confirmedAt()).toBeNull();
    const press = (text: string): Promise<Response> =>
      page(new Request(url, { method: 'POST', body: new URLSearchParams({ token: text }) }));
    expect((await press('x"><script>')).status).toBe(404);
    expect((await press(token)).status).toBe(200);
    expect(await confirmedAt()).not.toBeNull();
    expect((await press(token)).status).toBe(404);
    const odd = await page(new Request('https://ropeway.test/notices/confirm?token=%22%3E%3Cscript%3E'));
    expect([odd.status, await odd.text()]).toEqual([404, expect.not.stringContaining('script')]);
  });
});

describe('rules', () => {
  const scene = async () => {
    const { workspaceId } = api.own;
    const group = await client.call('groups.create', { body: { name: fresh() } });
    const transferId = await addTransfer(api.store.db, { workspaceId, groupId: group.id });
    const destination = await http('https://a.test');
    return { db: api.store.db, workspaceId, groupId: group.id, transferId, destinationId: destination.id };
  };

  it('are created, changed, switched off below, listed by what they apply to, and deleted', async () => {
    const { groupId, transferId, destinationId, workspaceId } = await scene();
    const base = { destinationId, event: 'run_failed' } as const;
    const make = (scope: 'workspace' | 'group' | 'transfer', scopeId: string | null) =>
      client.call('noticeRules.create', { body: { ...base, name: fresh(), scope, scopeId } });
    const all = await make('workspace', null);
    const ofGroup = await make('group', groupId);
    const own = await make('transfer', transferId);
    expect(all.isGrouped).toBe(false);
    const applying = async (id: string) =>
      (await client.call('noticeRules.list', { query: { appliesTo: id, destinationId } })).items.map((item) => item.id);
    expect(await applying(transferId)).toEqual([own.id, ofGroup.id, all.id]);
    const off = (id: string, scope: 'group' | 'transfer', scopeId: string, isOff = true) =>
      client.call('noticeRules.switchOff', { params: { id }, body: { scope, scopeId, isOff } });
    const switched = await off(all.id, 'group', groupId);
    expect(switched.switchedOff).toEqual([{ scope: 'group', scopeId: groupId }]);
    await off(ofGroup.id, 'transfer', transferId);
    expect(await applying(transferId)).toEqual([own.id]);
    await off(all.id, 'group', groupId, false);
    expect(await applying(transferId)).toEqual([own.id, all.id]);
    const loose = await addTransfer(api.store.db, { workspaceId, groupId: null });
    expect(await applying(loose)).toEqual([all.id]);
    await expect(off(ofGroup.id, 'transfer', loose)).rejects.toMatchObject({ status: 422 });
    await expect(off(own.id, 'transfer', transferId)).rejects.toMatchObject({ status: 422 });
    const { createdAt: _c, updatedAt: _u, version: _v, switchedOff: _s, id: _i, scope: _a, scopeId: _b, ...rest } = own;
    const same = { params: { id: own.id }, body: rest, ifMatch: '"1"' };
    expect(await client.call('noticeRules.update', same)).toEqual(own);
    const counted = { event: 'record_count', counter: 'records_written', comparison: 'below', threshold: 1 } as const;
    const changed = await client.call('noticeRules.update', { ...same, body: counted });
    expect(changed).toMatchObject({ ...counted, version: 2, name: own.name });
    await expect(client.call('noticeRules.update', same)).rejects.toMatchObject({ status: 412 });
    for (const { id } of [own, ofGroup, all]) await client.call('noticeRules.delete', { params: { id } });
    await expect(client.call('noticeRules.get', { params: { id: own.id } })).rejects.toMatchObject({ status: 404 });
  });

  it.each<[object, string]>([
    [{ event: 'record_count' }, 'counter'],
    [{ event: 'run_failed', counter: 'records_read' }, 'counter'],
    [{ event: 'run_elapsed' }, 'afterMinutes'],
    [{ event: 'run_failed', afterMinutes: 5 }, 'afterMinutes'],
    [{ event: 'run_failed', body: '{{ nothing }}' }, 'body'],
    [{ event: 'run_failed', body: '{"a": {{ error_title }}}' }, 'body'],
    [{ event: 'run_failed', subject: 'a\nBcc: x' }, 'subject'],
    [{ event: 'run_failed', subject: '{{ run_id | raw }}' }, 'subject'],
    [{ event: 'run_failed', destinationId: newId() }, 'destinationId'],
    [{ event: 'run_failed', scope: 'transfer', scopeId: newId() }, 'scopeId'],
    [{ event: 'run_failed', scope: 'group' }, 'scopeId'],
    [{ event: 'run_failed', scopeId: newId() }, 'scopeId'],
  ])('refuse %o', async (more, field) => {
    const { destinationId } = await scene();
    const body = { name: fresh(), scope: 'workspace', destinationId, event: 'run_failed', ...more } as const;
    const error = await refusal(client.call('noticeRules.create', { body: { ...body } }));
    expect(error).toMatchObject({ status: 422 });
    expect(paths(error)).toEqual([field]);
  });

  it('are 20 of a transfer at most, however many are made at once', async () => {
    const { destinationId, transferId } = await scene();
    const make = () =>
      refusal(
        client.call('noticeRules.create', {
          body: { name: fresh(), scope: 'transfer', scopeId: transferId, destinationId, event: 'run_failed' },
        }),
      );
    const errors = await Promise.all(Array.from({ length: 25 }, make));
    const refused = errors.filter((error) => error !== undefined);
    expect(refused).toHaveLength(5);
    expect(refused[0]).toMatchObject({ status: 409, code: 'NOTICE_RULES_EXCEEDED' });
  });

  it('are of those who have the role in the group of what they are for', async () => {
    const { db, workspaceId, groupId, transferId, destinationId } = await scene();
    const foreign = await scene();
    const ofGroup = async (role: 'viewer' | 'editor') => {
      const { token } = await createToken(db, { workspaceId, name: fresh(), expiresAt: null, groupId, role });
      const fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> =>
        api.request(String(url), init);
      return makeClient({ url: 'http://control', token, fetch });
    };
    const [editor, viewer] = [await ofGroup('editor'), await ofGroup('viewer')];
    const body = (scope: 'workspace' | 'group' | 'transfer', scopeId: string | null) =>
      ({ name: fresh(), scope, scopeId, destinationId, event: 'run_failed' }) as const;
    const all = await client.call('noticeRules.create', { body: body('workspace', null) });
    const hidden = await client.call('noticeRules.create', { body: body('group', foreign.groupId) });
    const own = await editor.call('noticeRules.create', { body: body('transfer', transferId) });
    const missing = { status: 403, code: 'ROLE_MISSING' };
    await expect(editor.call('noticeRules.create', { body: body('workspace', null) })).rejects.toMatchObject(missing);
    await expect(viewer.call('noticeRules.create', { body: body('group', groupId) })).rejects.toMatchObject(missing);
    for (const [scope, id] of [
      ['group', foreign.groupId],
      ['transfer', foreign.transferId],
    ] as const) {
      const refused = editor.call('noticeRules.create', { body: body(scope, id) });
      await expect(refused).rejects.toMatchObject({ status: 422 });
    }
    const seen = async (who: typeof editor) =>
      (await who.call('noticeRules.list', { query: { destinationId } })).items.map(({ id }) => id);
    expect(await seen(viewer)).toEqual([own.id, all.id]);
    expect(await seen(client)).toEqual([own.id, hidden.id, all.id]);
    await expect(viewer.call('noticeRules.get', { params: { id: hidden.id } })).rejects.toMatchObject({ status: 404 });
    const change = (who: typeof editor, id: string) =>
      who.call('noticeRules.update', { params: { id }, body: { isEnabled: false }, ifMatch: '*' });
    await expect(change(viewer, own.id)).rejects.toMatchObject(missing);
    await expect(change(editor, all.id)).rejects.toMatchObject({ status: 404 });
    expect(await change(editor, own.id)).toMatchObject({ isEnabled: false });
    const off = { params: { id: all.id }, body: { scope: 'transfer', scopeId: transferId, isOff: true } } as const;
    await expect(viewer.call('noticeRules.switchOff', off)).rejects.toMatchObject(missing);
    expect(await editor.call('noticeRules.switchOff', off)).toMatchObject({ switchedOff: [{ scopeId: transferId }] });
    await expect(editor.call('smtp.get')).rejects.toMatchObject(missing);
    await expect(editor.call('destinations.delete', { params: { id: destinationId } })).rejects.toMatchObject(missing);
    for (const { id } of [all, hidden, own]) await client.call('noticeRules.delete', { params: { id } });
  });

  it('say what templates may name', async () => {
    const { fields: known, defaults } = await client.call('noticeRules.templates');
    expect(known.map(({ name }) => name)).toContain('error_hint');
    expect(defaults).toHaveLength(18);
  });
});

describe('deliveries', () => {
  it('are logged with each try and what they tell, and sent again by hand', async () => {
    let status = 400;
    await using server = await httpServer((_, answer) => void answer.writeHead(status).end('said'));
    const { workspaceId } = api.own;
    const { db } = api.store;
    const transferId = await addTransfer(db, { workspaceId, groupId: null });
    const { id: destinationId } = await http(server.url);
    const body = { name: fresh(), scope: 'transfer', scopeId: transferId, destinationId, event: 'run_failed' } as const;
    await client.call('noticeRules.create', { body: { ...body } });
    const runId = await addRun({ db, workspaceId, groupId: '', transferId }, { state: 'FAILED', groupId: null });
    const work = async (): Promise<void> => {
      await notifier().look();
      await notifier().deliver();
    };
    await work();
    const { items } = await client.call('deliveries.list', { query: { runId } });
    expect(items).toMatchObject([{ state: 'dead', tries: 1, lastStatus: 400, lastAnswer: 'said', kind: 'notice' }]);
    const params = { id: items[0]?.id ?? '' };
    const whole = await client.call('deliveries.get', { params });
    expect(whole).toMatchObject({
      attempts: [{ no: 1, outcome: 'failed' }],
      notices: [{ event: 'run_failed', runId }],
    });
    expect((await client.call('deliveries.list', { query: { state: 'dead', runId } })).items).toHaveLength(1);
    await expect(api.other.client.call('deliveries.get', { params })).rejects.toMatchObject({ status: 404 });
    status = 200;
    await client.call('deliveries.resend', { params });
    await expect(client.call('deliveries.resend', { params })).rejects.toMatchObject({ code: 'DELIVERY_WAITS' });
    await work();
    await client.call('deliveries.resend', { params });
    await work();
    const keys = server.asked.map(({ headers }) => headers['idempotency-key']);
    // What was given up is the same message; what had arrived is another one.
    expect(keys).toEqual([params.id, params.id, `${params.id}.1`]);
    expect((await client.call('deliveries.get', { params })).attempts.map(({ outcome }) => outcome)).toEqual([
      'failed',
      'sent',
      'sent',
    ]);
  });
});

describe('the server for e-mail', () => {
  const smtp = { host: 'mail.test', from: 'r@example.com' };

  it('is not changed while the environment names it', async () => {
    const { client: admin } = api.own;
    expect(await admin.call('smtp.get')).toMatchObject({ source: 'environment', hasPassword: false });
    await expect(admin.call('smtp.put', { body: smtp })).rejects.toMatchObject({ code: 'SMTP_FROM_ENVIRONMENT' });
  });

  it('is set with a password that is not shown again', async () => {
    await using other = await controlApi({ notices: { allowed: new BlockList() } });
    await administer(other);
    const { client: admin } = other.own;
    await expect(admin.call('smtp.get')).rejects.toMatchObject({ status: 404 });
    const set = await admin.call('smtp.put', { body: { ...smtp, user: 'u', password: 'canary-3' } });
    expect(set).toEqual({
      ...{ host: 'mail.test', port: 587, security: 'starttls', user: 'u', from: 'r@example.com', fromName: 'Ropeway' },
      ...{ hasPassword: true, source: 'stored', version: 1 },
    });
    expect(await admin.call('smtp.put', { body: { ...smtp, port: 25 } })).toMatchObject({
      hasPassword: true,
      version: 2,
    });
    expect(await admin.call('smtp.put', { body: { ...smtp, password: null } })).toMatchObject({ hasPassword: false });
    const { rows } = await sql<{ all: string }>`select t::text as all from smtp_server t`.execute(other.store.db);
    expect(rows[0]?.all).not.toContain('canary');
    await admin.call('smtp.delete');
    await expect(admin.call('smtp.get')).rejects.toMatchObject({ status: 404 });
  });
});
