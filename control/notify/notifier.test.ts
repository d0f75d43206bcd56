import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { NoticeEventKind } from '#control/store/notice-tables.ts';
import { controlStore } from '#test/kit/control-store.ts';
import type { ControlStore } from '#test/kit/control-store.ts';
import { httpServer } from '#test/kit/http-server.ts';
import type { HttpServer } from '#test/kit/http-server.ts';
import {
  addRule,
  addRun,
  addTransfer,
  endRun,
  httpDestination,
  localSettings,
  mailDestination,
  mailThrough,
  noticeScene,
  notifierOn,
  slackDestination,
} from '#test/kit/notice-rows.ts';
import type { NoticeScene } from '#test/kit/notice-rows.ts';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { smtpReceiver } from '#test/kit/smtp-receiver.ts';
import { until } from '#test/kit/until.ts';

const START = '2026-01-01T00:00:00.000000Z';

async function newStore(): Promise<ControlStore> {
  const store = await controlStore({ kind: 'postgresql' });
  await store.setClock(START);
  return store;
}

const ok = (): Promise<HttpServer> => httpServer((_, answer) => void answer.end('ok'));

/** Looks, batches and sends what there is at this instant. */
async function settle(store: ControlStore, more: Parameters<typeof notifierOn>[1] = {}): Promise<void> {
  const notifier = notifierOn(store, more);
  await notifier.lookAtLive();
  await notifier.look();
  for (let round = 0; round < 100 && (await notifier.deliver()) > 0; round++);
}

const told = (server: HttpServer): string[] =>
  server.asked.map(({ body }) => {
    const { event, run } = JSON.parse(body) as { event: string; run: { id: string } };
    return `${event} ${run.id}`;
  });

async function deliveries({ db }: Pick<NoticeScene, 'db'>) {
  return db
    .selectFrom('notice_delivery')
    .select(['id', 'kind', 'state', 'tries', 'address', 'last_status', 'last_answer', 'notice_count', 'subject'])
    .orderBy('id')
    .execute();
}

describe.skipIf(postgresMissing !== '')(`Notifier${postgresMissing}`, () => {
  it('tells each end once, by every rule that is for it', async () => {
    await using store = await newStore();
    await using server = await ok();
    const scene = await noticeScene(store);
    const to = await httpDestination(scene, server.url);
    await addRule(scene, to, 'run_failed');
    await addRule(scene, to, 'run_finished', { group_id: scene.groupId });
    await addRule(scene, to, 'run_succeeded', { definition_id: scene.transferId });
    const failed = await addRun(scene, { state: 'FAILED' });
    const succeeded = await addRun(scene, { state: 'SUCCEEDED' });
    await addRun(scene, { state: 'CANCELED' });
    await addRun(scene, { state: 'RUNNING', claimedAgoS: 5 });
    await addRun(scene, { state: 'FAILED', kind: 'test' });
    for (let round = 0; round < 3; round++) await settle(store);
    const expected = [`run_failed ${failed}`, `run_finished ${failed}`, `run_finished ${succeeded}`];
    expect(told(server).sort()).toEqual([...expected, `run_succeeded ${succeeded}`].sort());
    expect(new Set(server.asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(4);
    const { rows } = await sql`select from run where terminal_at is not null and kind = 'transfer'
      and not is_noticed`.execute(store.db);
    expect(rows).toEqual([]);
  });

  it('inherits rules downwards, and obeys where they are switched off', async () => {
    await using store = await newStore();
    await using server = await ok();
    const scene = await noticeScene(store);
    const { db, workspaceId, groupId } = scene;
    const loose = await addTransfer(db, { workspaceId, groupId: null });
    const second = await addTransfer(db, { workspaceId, groupId });
    const to = await httpDestination(scene, server.url);
    const all = await addRule(scene, to, 'run_failed');
    const ofGroup = await addRule(scene, to, 'run_finished', { group_id: groupId });
    await addRule(scene, to, 'run_finished', { is_enabled: false });
    const off = { created_by: 'test' };
    await db
      .insertInto('notice_rule_off')
      .values({ ...off, rule_id: all, group_id: groupId })
      .execute();
    await db
      .insertInto('notice_rule_off')
      .values({ ...off, rule_id: ofGroup, definition_id: second })
      .execute();
    const first = await addRun(scene, { state: 'FAILED' });
    await addRun(scene, { state: 'FAILED', transferId: second });
    const third = await addRun(scene, { state: 'FAILED', transferId: loose, groupId: null });
    await settle(store);
    expect(told(server).sort()).toEqual([`run_failed ${third}`, `run_finished ${first}`].sort());
  });

  it('tells nothing of other workspaces, and nothing of what was before the rule', async () => {
    await using store = await newStore();
    await using server = await ok();
    const scene = await noticeScene(store);
    await addRun(scene, { state: 'FAILED' });
    await store.advance(1);
    const to = await httpDestination(scene, server.url);
    await addRule(scene, to, 'run_failed');
    const other = { ...scene, workspaceId: 'other' };
    await store.db.insertInto('workspace').values({ id: 'other', name: 'other' }).execute();
    await addRun(other, { state: 'FAILED', groupId: null });
    await settle(store);
    expect(server.asked).toHaveLength(0);
  });

  it.each<[NoticeEventKind, Parameters<typeof addRun>[1]]>([
    ['run_elapsed', { state: 'RUNNING', claimedAgoS: 50 }],
    ['run_waiting', { state: 'QUEUED', queuedAgoS: 50 }],
  ])('tells of %s once, when its time has come, while the run lives', async (event, run) => {
    await using store = await newStore();
    await using server = await ok();
    const scene = await noticeScene(store);
    await addRule(scene, await httpDestination(scene, server.url), event, { after_s: 60 });
    const id = await addRun(scene, run);
    await settle(store);
    expect(told(server)).toEqual([]);
    await store.advance(10);
    await settle(store);
    await store.advance(100);
    await settle(store);
    expect(told(server)).toEqual([`${event} ${id}`]);
    await endRun(store, id, 'SUCCEEDED');
    await settle(store);
    expect(told(server)).toEqual([`${event} ${id}`]);
  });

  it('tells of a time that passed while no notifier was there, once', async () => {
    await using store = await newStore();
    await using server = await ok();
    const scene = await noticeScene(store);
    await addRule(scene, await httpDestination(scene, server.url), 'run_elapsed', { after_s: 60 });
    const id = await addRun(scene, { state: 'RUNNING', claimedAgoS: 0 });
    await store.advance(61);
    await endRun(store, id, 'SUCCEEDED');
    await store.advance(3600);
    await settle(store);
    await settle(store);
    expect(told(server)).toEqual([`run_elapsed ${id}`]);
  });

  it('tells of a schedule that was switched off, by whoever did it, with its reason', async () => {
    await using store = await newStore();
    await using server = await ok();
    const scene = await noticeScene(store);
    const { db, workspaceId, transferId } = scene;
    await addRule(scene, await httpDestination(scene, server.url), 'schedule_off', { group_id: scene.groupId });
    await sql`insert into schedule (id, workspace_id, definition_id, cron, tzdata_version)
      values ('s', ${workspaceId}, ${transferId}, '0 * * * *', 't'), ('t', ${workspaceId}, ${transferId}, '0 * * * *', 't')`.execute(
      db,
    );
    const reason = 'failed 50 times and for 14 days in a row';
    await sql`update schedule set is_enabled = false, off_reason = ${reason} where id = 's'`.execute(db);
    // A person needs no notice of what he does.
    await sql`update schedule set is_enabled = false where id = 't'`.execute(db);
    await settle(store);
    const bodies = server.asked.map(({ body }) => JSON.parse(body) as unknown);
    const detail = { scheduleId: 's', reason };
    expect(bodies).toMatchObject([{ event: 'schedule_off', transfer: { name: 'orders' }, detail }]);
  });

  it('groups what comes up at once: each run is in one message, and most go together', async () => {
    await using store = await newStore();
    await using server = await ok();
    const scene = await noticeScene(store);
    const to = await httpDestination(scene, server.url, { contentType: 'text/plain' });
    await addRule(scene, to, 'run_failed');
    const ids: string[] = [];
    for (let no = 0; no < 3; no++) ids.push(await addRun(scene, { state: 'FAILED' }));
    await settle(store);
    expect(server.asked).toHaveLength(3);
    for (let no = 0; no < 300; no++) ids.push(await addRun(scene, { state: 'FAILED' }));
    await store.advance(1);
    await settle(store);
    // Not yet: more may come.
    expect(server.asked).toHaveLength(3);
    await store.advance(30);
    await settle(store);
    const rows = await deliveries(scene);
    expect(rows.map(({ kind, state, notice_count: count }) => [kind, state, count])).toEqual([
      ...Array.from({ length: 3 }, () => ['notice', 'sent', 1]),
      ['group', 'sent', 300],
    ]);
    const { rows: listed } = await sql<{ run_id: string }>`select n.run_id from notice_in_delivery i
      join notice n on n.id = i.notice_id order by 1`.execute(store.db);
    expect(listed.map(({ run_id: id }) => id)).toEqual([...ids].sort());
    expect(server.asked[3]?.body.match(/^- orders /gm)).toHaveLength(10);
    await store.advance(31);
    const late = await addRun(scene, { state: 'FAILED' });
    await settle(store);
    expect(server.asked.at(-1)?.body).toContain(late);
  });

  it('tries again with longer pauses, as asked for, under one key; and gives up at last', async () => {
    await using store = await newStore();
    await using server = await httpServer((_, answer) => void answer.writeHead(500).end('not now'));
    const scene = await noticeScene(store);
    await addRule(scene, await httpDestination(scene, server.url), 'run_failed');
    await addRun(scene, { state: 'FAILED' });
    const pauses: number[] = [];
    for (let seconds = 0; seconds < 48 * 3600 && (await deliveries(scene))[0]?.state !== 'dead'; seconds += 5) {
      const before = server.asked.length;
      await settle(store);
      if (server.asked.length > before) pauses.push(seconds);
      await store.advance(5);
      // The rest goes by in steps of a pause.
      const { rows } = await sql<{
        wait: number | null;
      }>`select extract(epoch from min(next_try_at) - dispatch.now())::float8
        as wait from notice_delivery where state = 'waiting'`.execute(store.db);
      const wait = Math.max(0, (rows[0]?.wait ?? 0) - 5);
      await store.advance(wait);
      seconds += wait;
    }
    expect(server.asked).toHaveLength(12);
    const gaps = pauses.slice(1).map((at, index) => at - (pauses[index] ?? 0));
    expect(gaps[0]).toBeLessThanOrEqual(17);
    expect(gaps.at(-1)).toBeGreaterThan(1000);
    expect(new Set(server.asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(await deliveries(scene)).toMatchObject([
      { state: 'dead', tries: 12, last_status: 500, last_answer: 'not now' },
    ]);
  });

  it('leaves a destination alone for as long as it asks, with all that waits for it', async () => {
    await using store = await newStore();
    let isBusy = true;
    await using server = await httpServer(
      (_, answer) => void answer.writeHead(isBusy ? 429 : 200, { 'retry-after': '100' }).end(),
    );
    const scene = await noticeScene(store);
    await addRule(scene, await httpDestination(scene, server.url), 'run_failed', { is_grouped: false });
    for (let no = 0; no < 5; no++) await addRun(scene, { state: 'FAILED' });
    await settle(store);
    // Two at a time go to one destination.
    expect(server.asked).toHaveLength(2);
    isBusy = false;
    await store.advance(99);
    await settle(store);
    expect(server.asked).toHaveLength(2);
    await store.advance(2);
    await settle(store);
    expect(server.asked).toHaveLength(7);
    expect((await deliveries(scene)).every(({ state }) => state === 'sent')).toBe(true);
  });

  it('tells once, elsewhere, of a destination that begins to fail, and again when it does so again', async () => {
    await using store = await newStore();
    let status = 404;
    await using failing = await httpServer((_, answer) => void answer.writeHead(status).end('no_service'));
    await using server = await ok();
    const scene = await noticeScene(store);
    const to = await httpDestination(scene, failing.url);
    await addRule(scene, to, 'run_failed');
    await addRule(scene, to, 'destination_failing');
    await addRule(scene, await httpDestination(scene, server.url), 'destination_failing');
    for (let no = 0; no < 3; no++) await addRun(scene, { state: 'FAILED' });
    await settle(store);
    await settle(store);
    const detail = { destination: to, reason: 'no_service' };
    const bodies = () => server.asked.map(({ body }) => JSON.parse(body) as unknown);
    expect(bodies()).toMatchObject([{ event: 'destination_failing', detail }]);
    status = 200;
    await addRun(scene, { state: 'FAILED' });
    await settle(store);
    status = 404;
    await store.advance(60);
    await addRun(scene, { state: 'FAILED' });
    await settle(store);
    await settle(store);
    expect(bodies()).toHaveLength(2);
    expect(failing.asked).toHaveLength(5);
  });

  it('sends e-mail to each confirmed address, and says which one is not', async () => {
    await using store = await newStore();
    await using receiver = await smtpReceiver();
    const scene = await noticeScene(store);
    const to = await mailDestination(scene, { 'a@example.com': true, 'b@example.com': false, 'c@example.com': true });
    await addRule(scene, to, 'run_failed', { language: 'ja' });
    const failure = { code: 'CSV_QUOTE_UNCLOSED', message: 'A quote.\r\nBcc: x@example.com', hint: 'Close it.' };
    const run = await addRun(scene, { state: 'FAILED', failure, claimedAgoS: 192 });
    const settings = localSettings(mailThrough(receiver.port));
    await settle(store, { settings });
    await settle(store, { settings });
    expect(receiver.mails.map(({ to: [address] }) => String(address)).sort()).toEqual([
      'a@example.com',
      'c@example.com',
    ]);
    const [mail] = receiver.mails;
    expect(mail?.headers['subject']).toBe('失敗: orders');
    expect(mail?.headers['bcc']).toBeUndefined();
    expect(mail?.text).toContain(`https://ropeway.test/runs/${run}`);
    expect(mail?.text).toContain('3 分 12 秒');
    const rows = await deliveries(scene);
    expect(rows.find(({ address }) => address === 'b@example.com')).toMatchObject({
      state: 'dead',
      last_answer: expect.stringContaining('has not been confirmed') as string,
    });
    expect(new Set(receiver.mails.map(({ headers }) => headers['message-id'])).size).toBe(2);
  });

  it('sends one message under one id when the answer to it is lost', async () => {
    await using store = await newStore();
    await using receiver = await smtpReceiver({ judge: (_, index) => (index === 0 ? 'cut' : undefined) });
    const scene = await noticeScene(store);
    await addRule(scene, await mailDestination(scene, { 'a@example.com': true }), 'run_failed');
    await addRun(scene, { state: 'FAILED' });
    const settings = localSettings(mailThrough(receiver.port));
    await settle(store, { settings });
    await store.advance(20);
    await settle(store, { settings });
    expect(receiver.mails).toHaveLength(2);
    expect(new Set(receiver.mails.map(({ headers }) => headers['message-id'])).size).toBe(1);
    expect(await deliveries(scene)).toMatchObject([{ state: 'sent', tries: 2 }]);
  });

  it('shows nothing of a webhook, which is a secret, in the log', async () => {
    await using store = await newStore();
    await using server = await httpServer((asked, answer) => void answer.writeHead(404).end(`no ${asked.url.href}`));
    const scene = await noticeScene(store);
    await addRule(scene, await slackDestination(scene, `${server.url}/services/canary-1/x`), 'run_failed');
    await addRun(scene, { state: 'FAILED', failure: { code: 'X', message: '<!channel> & co' } });
    await settle(store);
    const { text } = JSON.parse(server.asked[0]?.body ?? '') as { text: string };
    expect(text).toMatch(/^\*Failed: orders\*\nThe run /);
    expect(text).toContain('&lt;!channel&gt; &amp; co');
    const { rows } = await sql<{ all: string }>`select string_agg(d::text, '') || (
      select string_agg(a::text, '') from notice_attempt a) as all from notice_delivery d`.execute(store.db);
    expect(rows[0]?.all).toContain('***');
    expect(rows[0]?.all).not.toContain('canary');
  });

  it('two of them at once tell each end once', async () => {
    await using store = await newStore();
    await using server = await ok();
    const scene = await noticeScene(store);
    await addRule(scene, await httpDestination(scene, server.url), 'run_failed', { is_grouped: false });
    const ids: string[] = [];
    for (let no = 0; no < 100; no++) ids.push(await addRun(scene, { state: 'FAILED' }));
    const both = [notifierOn(store), notifierOn(store)];
    const work = async (notifier: (typeof both)[number]): Promise<void> => {
      for (let round = 0; round < 100; round++) {
        await notifier.look();
        if ((await notifier.deliver()) === 0 && server.asked.length >= ids.length) break;
      }
    };
    await Promise.all(both.map(work));
    expect(told(server).sort()).toEqual(ids.map((id) => `run_failed ${id}`).sort());
    expect((await deliveries(scene)).every(({ tries }) => tries === 1)).toBe(true);
  });

  it('does all of it by itself once it is started, and ends', async () => {
    await using store = await controlStore({ kind: 'postgresql' });
    await using server = await ok();
    const scene = await noticeScene(store);
    await addRule(scene, await httpDestination(scene, server.url), 'run_failed');
    const outcomes: string[] = [];
    const notifier = notifierOn(store, { speed: 50, told: (outcome) => outcomes.push(outcome) });
    notifier.start();
    const id = await addRun(scene, { state: 'FAILED' });
    await until('the notice is sent', () => Promise.resolve(outcomes.length > 0 ? true : undefined));
    await notifier.close();
    expect(told(server)).toEqual([`run_failed ${id}`]);
  });

  it('is held up by a destination that hangs no longer than by two messages', async () => {
    await using store = await newStore();
    await using hanging = await httpServer(() => undefined);
    await using server = await ok();
    const scene = await noticeScene(store);
    await addRule(scene, await httpDestination(scene, hanging.url), 'run_failed', { is_grouped: false });
    await addRule(scene, await httpDestination(scene, server.url), 'run_finished', { is_grouped: false });
    for (let no = 0; no < 10; no++) await addRun(scene, { state: 'FAILED' });
    await settle(store, { timeoutMs: 100 });
    expect(server.asked).toHaveLength(10);
  });
});
