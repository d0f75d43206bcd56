/** What notices say unless a rule says otherwise. The document of HTTP is the same for all events and languages. */
import type { NoticeEventKind, NoticeLanguage } from '#control/store/notice-tables.ts';

export interface NoticeText {
  readonly subject: string;
  readonly body: string;
}

const lines = (...all: string[]): string => all.join('\n');

const of = '{{ run_id }} of "{{ transfer_name }}"';
const ofJa = '「{{ transfer_name }}」の実行 {{ run_id }} ';
const counts = 'Records: {{ records_read }} read, {{ records_written }} written, {{ records_rejected }} rejected.';
const countsJa =
  'レコード: 読み込み {{ records_read }} 件、書き込み {{ records_written }} 件、不採用 {{ records_rejected }} 件';
const time = 'It worked for {{ duration }}, after {{ waited }} of waiting; attempts: {{ attempts }}.';
const timeJa = '実行時間: {{ duration }}（待ち時間: {{ waited }}、試行回数: {{ attempts }}）';
const error = lines('{{ error_title }} {{ error_code }}', '{{ error_where }}', '{{ error_hint }}');
const url = '{{ run_url }}';

const en: Readonly<Record<NoticeEventKind, NoticeText>> = {
  run_succeeded: {
    subject: 'Succeeded: {{ transfer_name }}',
    body: lines(`The run ${of} succeeded.`, counts, time, url),
  },
  run_failed: {
    subject: 'Failed: {{ transfer_name }}',
    body: lines(`The run ${of} failed.`, error, counts, time, url),
  },
  run_finished: {
    subject: '{{ run_state }}: {{ transfer_name }}',
    body: lines(`The run ${of} ended: {{ run_state }}.`, error, counts, time, url),
  },
  run_canceled: {
    subject: 'Canceled: {{ transfer_name }}',
    body: lines(`The run ${of} was canceled.`, counts, url),
  },
  record_count: {
    subject: '{{ counter }} {{ comparison }} {{ threshold }}: {{ transfer_name }}',
    body: lines(
      `The run ${of} ended: {{ run_state }}.`,
      'Its {{ counter }} is {{ counter_value }}, {{ comparison }} {{ threshold }}.',
      counts,
      url,
    ),
  },
  run_elapsed: {
    subject: 'Over {{ limit_minutes }} min: {{ transfer_name }}',
    body: lines(`The run ${of} works for more than {{ limit_minutes }} minutes. It was not stopped.`, counts, url),
  },
  run_waiting: {
    subject: 'Waiting over {{ limit_minutes }} min: {{ transfer_name }}',
    body: lines(`The run ${of} had to wait for more than {{ limit_minutes }} minutes.`, '{{ blocked_by }}', url),
  },
  schedule_off: {
    subject: 'Schedule switched off: {{ transfer_name }}',
    body: lines(
      'A schedule of "{{ transfer_name }}" was switched off: {{ schedule_reason }}.',
      'Its id: {{ schedule_id }}',
    ),
  },
  destination_failing: {
    subject: 'Notices do not arrive: {{ failing_destination }}',
    body: 'Notices to "{{ failing_destination }}" do not arrive: {{ failing_reason }}',
  },
};

const ja: Readonly<Record<NoticeEventKind, NoticeText>> = {
  run_succeeded: {
    subject: '成功: {{ transfer_name }}',
    body: lines(`${ofJa}が成功しました。`, countsJa, timeJa, url),
  },
  run_failed: {
    subject: '失敗: {{ transfer_name }}',
    body: lines(`${ofJa}が失敗しました。`, error, countsJa, timeJa, url),
  },
  run_finished: {
    subject: '{{ run_state }}: {{ transfer_name }}',
    body: lines(`${ofJa}が終了しました（{{ run_state }}）。`, error, countsJa, timeJa, url),
  },
  run_canceled: {
    subject: 'キャンセル: {{ transfer_name }}',
    body: lines(`${ofJa}がキャンセルされました。`, countsJa, url),
  },
  record_count: {
    subject: '件数通知（{{ counter }} {{ comparison }} {{ threshold }}）: {{ transfer_name }}',
    body: lines(
      `${ofJa}が終了しました（{{ run_state }}）。`,
      '{{ counter }} は {{ counter_value }} でした（条件: {{ comparison }} {{ threshold }}）。',
      countsJa,
      url,
    ),
  },
  run_elapsed: {
    subject: '{{ limit_minutes }} 分経過: {{ transfer_name }}',
    body: lines(`${ofJa}が {{ limit_minutes }} 分を超えています。実行は停止していません。`, countsJa, url),
  },
  run_waiting: {
    subject: '待ち時間 {{ limit_minutes }} 分超過: {{ transfer_name }}',
    body: lines(`${ofJa}の待ち時間が {{ limit_minutes }} 分を超えました。`, '{{ blocked_by }}', url),
  },
  schedule_off: {
    subject: 'スケジュール無効化: {{ transfer_name }}',
    body: lines(
      '「{{ transfer_name }}」のスケジュールが無効になりました: {{ schedule_reason }}',
      'スケジュール: {{ schedule_id }}',
    ),
  },
  destination_failing: {
    subject: '通知が届いていません: {{ failing_destination }}',
    body: '通知先「{{ failing_destination }}」に通知が届いていません: {{ failing_reason }}',
  },
};

const texts: Readonly<Record<NoticeLanguage, Readonly<Record<NoticeEventKind, NoticeText>>>> = { en, ja };

export function defaultText(event: NoticeEventKind, language: NoticeLanguage): NoticeText {
  return texts[language][event];
}

/** Of HTTP, when no body is given. Numbers are numbers. */
export const defaultDocument = `{
  "event": "{{ event }}",
  "occurredAt": "{{ occurred_at }}",
  "rule": "{{ rule_name }}",
  "workspace": "{{ workspace_name }}",
  "transfer": {"id": "{{ transfer_id }}", "name": "{{ transfer_name }}", "group": "{{ group_name }}"},
  "run": {
    "id": "{{ run_id }}",
    "state": "{{ run_state }}",
    "url": "{{ run_url }}",
    "trigger": "{{ run_trigger }}",
    "scheduleSlot": "{{ schedule_slot }}",
    "attempts": {{ attempts }},
    "durationS": {{ duration_s }},
    "waitedS": {{ waited_s }},
    "recordsRead": {{ records_read }},
    "recordsWritten": {{ records_written }},
    "recordsRejected": {{ records_rejected }}
  },
  "error": {
    "code": "{{ error_code }}",
    "title": "{{ error_title }}",
    "where": "{{ error_where }}",
    "hint": "{{ error_hint }}"
  },
  "detail": {
    "counter": "{{ counter }}",
    "counterValue": {{ counter_value }},
    "threshold": {{ threshold }},
    "limitMinutes": {{ limit_minutes }},
    "scheduleId": "{{ schedule_id }}",
    "reason": "{{ schedule_reason }}{{ failing_reason }}",
    "destination": "{{ failing_destination }}"
  }
}`;

interface GroupText {
  readonly subject: (count: number, of: string) => string;
  readonly first: (count: number) => string;
  readonly more: (count: number) => string;
  readonly test: string;
  readonly confirmSubject: string;
  readonly confirmBody: (parts: { workspace: string; destination: string; url: string; hours: number }) => string;
}

/** Texts that are ours alone. */
export const ownTexts: Readonly<Record<NoticeLanguage, GroupText>> = {
  en: {
    subject: (count, of) => `${count} notices: ${of}`,
    first: (count) => `${count} notices of this rule came up at once. The first ones:`,
    more: (count) => `… and ${count} more.`,
    test: '[test]',
    confirmSubject: 'Confirm this address for notices',
    confirmBody: ({ workspace, destination, url, hours }) =>
      `The destination "${destination}" of the workspace "${workspace}" names this address.\n` +
      `To get notices here, follow this link within ${hours} hours:\n\n${url}\n\n` +
      `If you do not know what this is about, do nothing: nothing more is sent.\n`,
  },
  ja: {
    subject: (count, of) => `通知 ${count} 件: ${of}`,
    first: (count) => `このルールの通知が ${count} 件まとめて発生しました。最初の数件:`,
    more: (count) => `… ほか ${count} 件`,
    test: '[test]',
    confirmSubject: '通知先アドレスの確認',
    confirmBody: ({ workspace, destination, url, hours }) =>
      `ワークスペース「${workspace}」の通知先「${destination}」にこのアドレスが登録されました。\n` +
      `通知を受け取るには、${hours} 時間以内に次のリンクを開いてください。\n\n${url}\n\n` +
      `心当たりがない場合は何もしないでください。以後メールは送信されません。\n`,
  },
};
