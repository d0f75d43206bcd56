import { randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { controlStore, storeKinds } from '#test/kit/control-store.ts';
import type { ControlStore, StoreKind } from '#test/kit/control-store.ts';
import { exportStore } from './export.ts';
import type { RowCounts } from './export.ts';
import { importStore } from './import.ts';
import { layoutOf, referredFirst } from './layout.ts';
import { json } from './values.ts';

/** Texts that something on the way might take for something else. */
const odd = 'a"b\\c\n\t\u2028 ü 漢 😀 {1} [x] \'; drop table run; --';

/** Something in every table. */
async function fillEverything({ db }: ControlStore): Promise<void> {
  const at = '2026-11-30T17:58:12.123456Z';
  await db.insertInto('secret_key').values({ id: '0123456789abcdef' }).execute();
  await db
    .insertInto('workspace')
    .values([
      { id: 'w1', name: odd, suspended_at: at },
      { id: 'w2', name: '' },
    ])
    .execute();
  await db.insertInto('groups').values({ id: 'g', workspace_id: 'w1', name: 'null' }).execute();
  await db
    .insertInto('connection')
    .values({
      ...{ id: 'c', workspace_id: 'w1', group_id: 'g', name: 'c', plugin: 'p', account_key: 'a' },
      config: json({ text: odd, nothing: null, list: [1, 1.5, 1e300, [true]] }),
      secrets: json({ password: 'v1.0123456789abcdef.x.y.z' }),
    })
    .execute();
  await db
    .insertInto('definition')
    .values({ id: 'd', workspace_id: 'w1', kind: 'transfer', name: 'd', is_enabled: false })
    .execute();
  // As a whole it is null in JSON, which is not SQL's.
  await db.insertInto('revision').values({ definition_id: 'd', no: 1, config: 'null', author: 'a' }).execute();
  await db.insertInto('connection_use').values({ definition_id: 'd', connection_id: 'c' }).execute();
  const run = { workspace_id: 'w1', kind: 'transfer', trigger: 'api', created_by: 'u', state: 'QUEUED' } as const;
  const times = {
    not_before: 'infinity',
    queue_deadline: at,
    created_at: at,
    queued_at: at,
    rank: 0.5,
    scope_key: 'k',
  };
  await db
    .insertInto('run')
    .values(Array.from({ length: 3000 }, (_, no) => ({ id: `r${no}`, ...run, ...times, fence: '9007199254740993' })))
    .execute();
  await db
    .insertInto('run_work')
    .values({ run_id: 'r1', work: json({ n: 0.1 }) })
    .execute();
  await sql`insert into attempt (run_id, no, fence, executor, name, spec_hash, manifest, phase, created_at)
    values ('r1', 1, nextval('dispatch.fence'), 'process', 'r-r1-a1', 'h', '{}', 'PLANNED', ${at})`.execute(db);
  await db.insertInto('run_scope').values({ run_id: 'r1', scope_kind: 'account', scope_id: odd }).execute();
  await db.insertInto('seat_limit').values({ scope_kind: 'account', scope_id: odd, seats: 3, label: 'l' }).execute();
  const seat = { scope_kind: 'account', scope_id: odd, seat_no: 0, run_id: 'r1', attempt_no: 1 };
  await db.insertInto('seat').values(seat).execute();
  const event = { run_id: 'r1', actor: 'a', transition: 'T1', to_state: 'QUEUED' } as const;
  await db
    .insertInto('run_event')
    .values({ ...event, seq: 1, at })
    .execute();
  const message = { kind: 'look', run_id: 'r1', workspace_id: 'w1', available_at: at };
  await db.insertInto('queue_message').values([message, message, message]).execute();
  await db.deleteFrom('queue_message').where('id', '<', '3').execute();
  for (let seq = 1; seq <= 20; seq++) {
    const chunk = { run_id: 'r1', attempt_no: 1, execution_id: 'e', seq, at, line_count: 1, size_bytes: 262_144 };
    await db
      .insertInto('log_chunk')
      .values({ ...chunk, content: randomBytes(262_144) })
      .execute();
  }
  await db.insertInto('users').values({ id: 'u', email: 'a@b', name: odd }).execute();
  await db.insertInto('member').values({ workspace_id: 'w1', user_id: 'u', role: 'member' }).execute();
  await db.insertInto('team').values({ id: 'tm', workspace_id: 'w1', name: odd }).execute();
  await db.insertInto('team_member').values({ team_id: 'tm', workspace_id: 'w1', user_id: 'u' }).execute();
  await db
    .insertInto('group_role')
    .values({ id: 'gr', workspace_id: 'w1', group_id: 'g', team_id: 'tm', role: 'viewer' })
    .execute();
  await db
    .insertInto('audit_event')
    .values({ id: 'ae', actor: odd, action: 'x.y', outcome: 'begun', fields: json([odd]) })
    .execute();
  await db
    .insertInto('token')
    .values({ id: 't', workspace_id: 'w1', name: 'n', hash: 'h', last_used_at: at })
    .execute();
  const applied = { workspace_id: 'w1', kind: 'group', resource_id: 'g', version: 1, digest: odd, applied_by: 'u' };
  await db
    .insertInto('applied')
    .values({ ...applied, secret_references: json({ password: { env: odd } }) })
    .execute();
  await fillSignIn(db, at);
  await db.insertInto('idempotency').values({ key_hash: 'h', request_mac: 'm', locked_until: at }).execute();
  await db.insertInto('workspace_usage').values({ workspace_id: 'w1', value: 0.1, at }).execute();
  await sql`insert into schedule (id, workspace_id, definition_id, cron, tzdata_version)
    values ('s', 'w1', 'd', '30 2 * * *', '2026a')`.execute(db);
  await sql`insert into schedule_fire (schedule_id, slot_utc, decision) values ('s', ${at}, 'fired')`.execute(db);
  await db.insertInto('label').values({ id: 'l', workspace_id: 'w1', name: odd, colour: '#12ab9f' }).execute();
  await db.insertInto('definition_label').values({ definition_id: 'd', label_id: 'l' }).execute();
  const managed = { id: 'mt', workspace_id: 'w1', name: odd, connection_id: 'c', updated_by: 'a' };
  await db
    .insertInto('managed_transfer')
    .values({ ...managed, config: json({ n: 0.1 }), path: json([odd]) })
    .execute();
  await db.insertInto('managed_label').values({ managed_transfer_id: 'mt', label_id: 'l' }).execute();
  const table = { managed_transfer_id: 'mt', table_key: 'k', table_name: odd, definition_id: 'd' };
  await db.insertInto('managed_table').values(table).execute();
  const changed = { definition_id: 'd', version: 2, actor: odd, before: json({ name: odd }) };
  await db.insertInto('definition_change').values(changed).execute();
  const policy = { workspace_id: 'w1', switches_off: true, failures_min: 1, failing_days_min: 0 };
  await db.insertInto('schedule_policy').values(policy).execute();
  const change = { id: 'se', workspace_id: 'w1', definition_id: 'd', schedule_id: 's', actor: odd };
  await db
    .insertInto('schedule_event')
    .values({ ...change, kind: 'changed', changes: json({ a: { after: odd } }) })
    .execute();
  await sql`insert into backfill (id, workspace_id, schedule_id, definition_id, from_utc, until_utc, sequence, redoes_done,
      concurrency, slots_total, created_by)
    values ('b', 'w1', 's', 'd', ${at}, ${at}, 'oldest_first', false, 1, 1, ${odd})`.execute(db);
  await db.insertInto('backfill_slot').values({ backfill_id: 'b', slot_utc: at, reason: odd }).execute();
  await sql`insert into smtp_server (config) values ('{"host": "h"}')`.execute(db);
  await sql`insert into notice_destination (id, workspace_id, name, kind, config)
    values ('n', 'w1', ${odd}, 'email', '{}')`.execute(db);
  await sql`insert into notice_address (id, destination_id, address) values ('a', 'n', 'a@b')`.execute(db);
  await sql`insert into notice_rule (id, workspace_id, name, destination_id, event)
    values ('q', 'w1', 'q', 'n', 'run_failed')`.execute(db);
  await sql`insert into notice_rule_off (rule_id, group_id, created_by) values ('q', 'g', 'u')`.execute(db);
  await sql`insert into notice_event (id, workspace_id, event, event_key)
    values ('e', 'w1', 'schedule_off', 'k')`.execute(db);
  await sql`insert into notice_delivery (id, workspace_id, kind, destination_id, destination_name, subject, body, state)
    values ('d', 'w1', 'notice', 'n', 'n', ${odd}, ${odd}, 'sent')`.execute(db);
  await sql`insert into notice_attempt (delivery_id, no, outcome, answer, duration_ms)
    values ('d', 1, 'sent', ${odd}, 1)`.execute(db);
  await sql`insert into notice (id, workspace_id, rule_id, event, event_key, fields)
    values ('o', 'w1', 'q', 'run_failed', 'k', '{}')`.execute(db);
  await sql`insert into notice_in_delivery (delivery_id, notice_id) values ('d', 'o')`.execute(db);
  const dispatcher = { id: 'p', version: 'v', roles: 'all', started_at: at, seen_at: at };
  await db.insertInto('dispatcher').values(dispatcher).execute();
}

async function fillSignIn(db: ControlStore['db'], at: string): Promise<void> {
  await db.insertInto('password').values({ user_id: 'u', hash: odd }).execute();
  const session = { id: 'se', user_id: 'u', hash: 'h', method: 'link', address: '::1', device: odd } as const;
  await db
    .insertInto('session')
    .values({ ...session, expires_at: at })
    .execute();
  const link = { id: 'l', kind: 'reset', hash: 'h', user_id: 'u', created_by: odd, expires_at: at } as const;
  await db.insertInto('one_time_link').values(link).execute();
  await db.insertInto('second_factor').values({ user_id: 'u', secret: 'v1.x' }).execute();
  await db.insertInto('recovery_code').values({ user_id: 'u', hash: 'h' }).execute();
  const provider = { id: 'sp', name: odd, issuer: 'https://x', client_id: 'c', scopes: 'openid' };
  await db
    .insertInto('sign_in_provider')
    .values({ ...provider, email_domains: json([odd]) })
    .execute();
  await db.insertInto('sign_in_identity').values({ issuer: 'https://x', subject: odd, user_id: 'u' }).execute();
  const flow = { state_hash: 'h', provider_id: 'sp', browser_hash: 'b', secrets: 'v1.x', expires_at: at };
  await db.insertInto('sign_in_flow').values(flow).execute();
  await db.insertInto('sign_in_throttle').values({ key: 'k', count: 1, last_at: at, wait_until: at }).execute();
  const policy = { requires_second_factor: true, idle_minutes: 60, session_hours: 24 };
  await db.insertInto('sign_in_policy').values(policy).execute();
}

/** Every row of every table, as text. */
async function everything({ db }: ControlStore): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  // Migrations are not moved: both databases have them.
  for (const { name } of (await layoutOf(db)).tables.filter((table) => table.name !== 'migration')) {
    const { rows } = await sql<{ all: string }>`
      select coalesce(md5(string_agg(t::text, '|' order by t::text collate "C")), '') || ' ' || count(*) as all
      from ${sql.table(name)} t`.execute(db);
    found[name] = rows[0]?.all ?? '';
  }
  return found;
}

async function exported({ db }: ControlStore): Promise<{ bytes: Buffer; counts: RowCounts }> {
  const sink = new PassThrough();
  const [bytes, counts] = await Promise.all([buffer(sink), exportStore(db, sink)]);
  return { bytes, counts };
}

const moves = storeKinds.flatMap((from) => storeKinds.map((to): [StoreKind, StoreKind] => [from, to]));

describe.each(moves)('exportStore() from %s and importStore() into %s', (from, to) => {
  it('move every row of every table, and what the sequences have reached', async () => {
    await using source = await controlStore({ kind: from });
    await fillEverything(source);
    const before = await everything(source);
    // The test does what it says: no table is left out.
    expect(Object.entries(before).filter(([, text]) => text.endsWith(' 0'))).toEqual([]);
    const { bytes, counts } = await exported(source);
    await using target = await controlStore({ kind: to });
    expect(await importStore(target.db, Readable.from([bytes]))).toEqual(counts);
    expect(await everything(target)).toEqual(before);
    const message = { kind: 'look', run_id: 'r1', workspace_id: 'w1', available_at: await target.now() };
    const { id } = await target.db
      .insertInto('queue_message')
      .values(message)
      .returning('id')
      .executeTakeFirstOrThrow();
    expect(id).toBe('4');
    const { rows } = await sql<{ fence: string }>`select nextval('dispatch.fence') as fence`.execute(target.db);
    expect(rows).toEqual([{ fence: '2' }]);
  });
});

describe('importStore()', () => {
  it('refuses a database with rows, and leaves it alone', async () => {
    await using source = await controlStore();
    const { bytes } = await exported(source);
    await using target = await controlStore();
    await target.db.insertInto('workspace').values({ id: 'w', name: 'w' }).execute();
    const imported = importStore(target.db, Readable.from([bytes]));
    await expect(imported).rejects.toMatchObject({
      code: 'IMPORT_NOT_EMPTY',
      message: expect.stringContaining('workspace') as string,
    });
    expect(await target.db.selectFrom('workspace').select('id').execute()).toEqual([{ id: 'w' }]);
  });

  it('refuses what is no export, or not all of one, and keeps nothing of it', async () => {
    await using store = await controlStore();
    await store.db.insertInto('workspace').values({ id: 'w', name: 'w' }).execute();
    const { bytes } = await exported(store);
    await store.db.deleteFrom('workspace').execute();
    const before = await everything(store);
    const lines = gunzipSync(bytes)
      .toString()
      .split(/(?<=\n)/);
    const pack = (kept: readonly string[]): Buffer => gzipSync(kept.join(''));
    const [first = '', ...others] = lines;
    const cases: [string, Buffer, string, RegExp][] = [
      ['cut', bytes.subarray(0, bytes.length - 20), 'EXPORT_TRUNCATED', /middle/],
      ['without its end', pack(lines.slice(0, -1)), 'EXPORT_TRUNCATED', /after 2 rows/],
      ['without a row', pack(lines.filter((line) => !line.startsWith('["w"'))), 'EXPORT_TRUNCATED', /after 1 rows/],
      ['not packed', Buffer.from('hello'), 'EXPORT_UNREADABLE', /no gzip/],
      ['empty', pack([]), 'EXPORT_UNREADABLE', /empty/],
      ['something else', pack(['{}\n']), 'EXPORT_UNREADABLE', /format is undefined/],
      ['a number', pack(['5\n']), 'EXPORT_UNREADABLE', /no object/],
      ['text', pack(['hello\n']), 'EXPORT_UNREADABLE', /no JSON/],
      [
        'of a later form',
        pack([first.replace(/"no":\d+(?!.*"no":)/, '"no":999'), ...others]),
        'EXPORT_SCHEMA_DIFFERS',
        /the last 999/,
      ],
      ['of another table', pack([first, '{"table":"pg_class","columns":[]}\n']), 'EXPORT_UNREADABLE', /pg_class/],
      ['of another column', pack([first, '{"table":"run","columns":["id; x"]}\n']), 'EXPORT_UNREADABLE', /run\.id; x/],
      ['going on', pack([...lines, ...lines]), 'EXPORT_UNREADABLE', /behind its end/],
    ];
    for (const [title, content, code, message] of cases) {
      const imported = importStore(store.db, Readable.from([content]));
      await expect(imported, title).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
      expect(await everything(store), title).toEqual(before);
    }
    await importStore(store.db, Readable.from([bytes]));
    expect(await store.db.selectFrom('workspace').select('id').execute()).toEqual([{ id: 'w' }]);
  });
});

it('referredFirst() puts a table behind those that it refers to', () => {
  const references = [
    { from: 'a', to: 'b' },
    { from: 'b', to: 'c' },
    { from: 'c', to: 'c' },
  ];
  expect(referredFirst(['a', 'b', 'c', 'd'], references)).toEqual(['c', 'd', 'b', 'a']);
});
