import { describe, expect, it } from 'vitest';
import type { RunState } from '#control/runs/states.ts';
import type { NoticeEventKind } from '#control/store/notice-tables.ts';
import { counterOf, firesAtEnd, firesNow, inWords, runFields } from './run-facts.ts';
import type { RuleFacts, RunFacts } from './run-facts.ts';

const rule: RuleFacts = {
  ...{ rule_id: 'q', rule_name: 'rule', event: 'run_failed', counter: null, comparison: null, threshold: null },
  ...{ after_s: null, language: 'en', enabled_from: '2026-01-01T00:00:00.000000Z' },
};
const run: RunFacts = {
  ...{ id: 'r', workspace_id: 'w', workspace_name: 'W', group_id: null, group_name: null, definition_id: 'd' },
  ...{ definition_name: 'orders', state: 'FAILED', trigger: 'schedule', created_by: 'schedule:s', attempt_no: 2 },
  idempotency_key: 'schedule:01s:2026-01-31T15:00:00.000Z',
  counters: { records_read: 10, records_written: 7, records_rejected: 2 },
  failure: { message: 'No.', hint: 'Yes.', where: { file: 'a.csv', line: 3, path: ['in', 'x', 1] } },
  ...{ failure_code: 'X', note: null, blocked_by: 'seats', terminal_at: '2026-01-02T00:00:00.000000Z' },
  ...{ claimed_at: '2026-01-01T23:00:00.123456Z', worked_s: 3600, waited_s: 30, now: '2026-01-02T00:00:05.000000Z' },
};
const ended: readonly RunState[] = ['SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED', 'SKIPPED'];

describe('firesAtEnd()', () => {
  it.each<[NoticeEventKind, readonly RunState[]]>([
    ['run_succeeded', ['SUCCEEDED']],
    ['run_failed', ['FAILED', 'EXPIRED']],
    ['run_finished', ['SUCCEEDED', 'FAILED', 'EXPIRED']],
    ['run_canceled', ['CANCELED']],
    ['schedule_off', []],
    ['destination_failing', []],
  ])('%s tells of %s', (event, states) => {
    expect(ended.filter((state) => firesAtEnd({ ...rule, event }, { ...run, state }))).toEqual(states);
  });

  it.each<[RuleFacts['counter'], RuleFacts['comparison'], string, readonly RunState[]]>([
    ['records_read', 'above', '9', ['SUCCEEDED', 'FAILED']],
    ['records_read', 'above', '10', []],
    ['records_read', 'below', '11', ['SUCCEEDED']],
    ['records_read', 'below', '10', []],
    ['records_rejected', 'above', '1', ['SUCCEEDED', 'FAILED']],
    ['records_skipped', 'above', '0', ['SUCCEEDED', 'FAILED']],
    ['records_skipped', 'above', '1', []],
    ['bytes_read', 'below', '1', ['SUCCEEDED']],
  ])('record_count: %s %s %s tells of %s', (counter, comparison, threshold, states) => {
    const counting: RuleFacts = { ...rule, event: 'record_count', counter, comparison, threshold };
    expect(ended.filter((state) => firesAtEnd(counting, { ...run, state }))).toEqual(states);
  });

  it('tells nothing of counts that nobody has said', () => {
    const below: RuleFacts = {
      ...rule,
      event: 'record_count',
      counter: 'records_read',
      comparison: 'below',
      threshold: '5',
    };
    expect(firesAtEnd(below, { ...run, state: 'SUCCEEDED', counters: {} })).toBe(false);
  });

  it('tells of times that were passed while nobody looked', () => {
    expect(firesAtEnd({ ...rule, event: 'run_elapsed', after_s: 3600 }, run)).toBe(true);
    expect(firesAtEnd({ ...rule, event: 'run_elapsed', after_s: 3660 }, run)).toBe(false);
    expect(firesAtEnd({ ...rule, event: 'run_waiting', after_s: 30 }, run)).toBe(true);
    expect(firesAtEnd({ ...rule, event: 'run_waiting', after_s: 30 }, { ...run, waited_s: null })).toBe(false);
  });

  it('tells nothing of what was before the rule', () => {
    expect(firesAtEnd({ ...rule, enabled_from: '2026-01-02T00:00:00.000001Z' }, run)).toBe(false);
    expect(firesAtEnd({ ...rule, enabled_from: '2026-01-02T00:00:00.000000Z' }, run)).toBe(true);
  });
});

it('firesNow() tells of waiting only while it waits, and of working in any state', () => {
  const waiting: RuleFacts = { ...rule, event: 'run_waiting', after_s: 10 };
  expect(firesNow(waiting, { ...run, state: 'QUEUED' })).toBe(true);
  expect(firesNow(waiting, { ...run, state: 'RUNNING' })).toBe(false);
  const working: RuleFacts = { ...rule, event: 'run_elapsed', after_s: 10 };
  expect(firesNow(working, { ...run, state: 'BACKOFF' })).toBe(true);
  expect(firesNow(working, { ...run, worked_s: null })).toBe(false);
  expect(firesNow(rule, run)).toBe(false);
});

it('counterOf() counts as skipped what was read, and neither written nor rejected', () => {
  expect(counterOf(run, 'records_skipped')).toBe(1);
  expect(counterOf({ counters: { records_read: 1, records_written: 5 } }, 'records_skipped')).toBe(0);
  expect(counterOf({ counters: {} }, 'records_skipped')).toBeUndefined();
});

it('runFields() says what is known', () => {
  expect(runFields(rule, run, 'https://r.example')).toMatchObject({
    ...{ run_url: 'https://r.example/runs/r', schedule_slot: '2026-01-31T15:00:00Z', duration: '1 h', waited: '30 s' },
    ...{ error_title: 'No.', error_where: 'file a.csv, line 3, path in.x.1', error_hint: 'Yes.', error_code: 'X' },
    ...{ started_at: '2026-01-01T23:00:00Z', blocked_by: '', records_skipped: 1, attempts: 2, group_name: '' },
  });
  expect(runFields({ ...rule, language: 'ja' }, run, undefined)).toMatchObject({ run_url: '', duration: '1 時間' });
});

it.each([
  [0, '0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [3599, '59 min 59 s'],
  [3601, '1 h 1 s'],
  [90_061, '1 d 1 h'],
])('inWords(%i) is %s', (seconds, words) => expect(inWords(seconds, 'en')).toBe(words));
