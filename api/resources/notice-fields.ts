/** What templates of notices may name, as `{{ name }}`. All are there in every notice; what does not apply is empty, or 0. */

export interface NoticeField {
  readonly description: string;
  /** Fills its place in tests. */
  readonly example: string | number;
}

export const noticeFields = {
  event: { description: 'What happened: the event of the rule.', example: 'run_failed' },
  rule_name: { description: 'Name of the rule.', example: 'Failures of the night' },
  workspace_name: { description: 'Name of the workspace.', example: 'Sales' },
  group_name: { description: 'Name of the group, if any.', example: 'Shop' },
  transfer_id: { description: 'Id of the transfer.', example: '01k0z0z0z0z0z0z0z0z0z0z0z0' },
  transfer_name: { description: 'Name of the transfer.', example: 'orders to the warehouse' },
  run_id: { description: 'Id of the run.', example: '01k1y1y1y1y1y1y1y1y1y1y1y1' },
  run_state: { description: 'State of the run: SUCCEEDED, FAILED, CANCELED, EXPIRED, RUNNING, …', example: 'FAILED' },
  run_url: {
    description: 'Address of the page of the run; empty when the installation has no public address.',
    example: 'https://ropeway.example.com/runs/01k1y1y1y1y1y1y1y1y1y1y1y1',
  },
  run_trigger: { description: 'What created the run: manual, api, schedule, workflow.', example: 'schedule' },
  created_by: { description: 'Who created the run.', example: 'token:nightly' },
  schedule_slot: {
    description: 'The instant of the schedule that the run is for, in UTC.',
    example: '2026-01-31T15:00:00Z',
  },
  started_at: { description: 'When the run began to work, in UTC.', example: '2026-01-31T15:00:04Z' },
  ended_at: { description: 'When it ended, in UTC.', example: '2026-01-31T15:03:16Z' },
  duration: { description: 'How long it worked, in words.', example: '3 min 12 s' },
  duration_s: { description: 'The same in seconds.', example: 192 },
  waited: { description: 'How long it waited before, in words.', example: '4 s' },
  waited_s: { description: 'The same in seconds.', example: 4 },
  attempts: { description: 'Attempts so far.', example: 2 },
  records_read: { description: 'Records that were read.', example: 120_000 },
  records_written: { description: 'Records that were written.', example: 119_988 },
  records_rejected: { description: 'Records that could not be used.', example: 12 },
  records_skipped: { description: 'Records that were read, and neither written nor rejected.', example: 0 },
  bytes_read: { description: 'Bytes that were read.', example: 48_300_000 },
  bytes_written: { description: 'Bytes that were written.', example: 47_100_000 },
  error_code: { description: 'Code of the failure.', example: 'CSV_QUOTE_UNCLOSED' },
  error_title: { description: 'What failed, in a sentence.', example: 'A quote is not closed: "Tokyo.' },
  error_where: { description: 'Where, as far as it is known.', example: 'file orders.csv, line 51204' },
  error_hint: { description: 'What to do.', example: 'Correct the line, or let such lines be skipped.' },
  note: { description: 'What else is to be known about the outcome.', example: '' },
  blocked_by: { description: 'Why the run waits.', example: '3 of 3 seats of the workspace are taken' },
  counter: { description: 'Of `record_count`: the counter of the rule.', example: 'records_rejected' },
  counter_value: { description: 'Of `record_count`: what it counted.', example: 12 },
  comparison: { description: 'Of `record_count`: above or below.', example: 'above' },
  threshold: { description: 'Of `record_count`: the number of the rule.', example: 10 },
  limit_minutes: { description: 'Of `run_elapsed` and `run_waiting`: the minutes of the rule.', example: 30 },
  schedule_id: { description: 'Of `schedule_off`: the id of the schedule.', example: '01k2x2x2x2x2x2x2x2x2x2x2x2' },
  schedule_reason: {
    description: 'Of `schedule_off`: why it was switched off.',
    example: 'failed 50 times and for 14 days in a row',
  },
  failing_destination: { description: 'Of `destination_failing`: the name of the one that fails.', example: 'on call' },
  failing_reason: { description: 'Of `destination_failing`: the last answer.', example: '404 no_service' },
  occurred_at: { description: 'When it happened, in UTC.', example: '2026-01-31T15:03:16Z' },
  notice_count: { description: 'How many notices the message is for: more than 1 in a group.', example: 1 },
} as const satisfies Readonly<Record<string, NoticeField>>;

export type NoticeFieldName = keyof typeof noticeFields;
