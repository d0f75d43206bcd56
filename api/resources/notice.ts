/** Notices: where they go, what they are about, and what became of them. */
import { z } from 'zod';
import { id, instant, name } from '#api/fields.ts';

export const destinationKinds = ['slack', 'email', 'http'] as const;
export const ADDRESSES_MAX = 20;
export const HEADERS_MAX = 20;
const URL_LENGTH_MAX = 2000;
const HEADER_VALUE_LENGTH_MAX = 4000;

/** One line: what could begin another header, or end a command of SMTP, is not taken. */
const printable = (text: string): boolean => !/[\u0000-\u001f\u007f]/.test(text);

const address = z
  .email()
  .max(254)
  .refine(printable)
  .describe('An e-mail address. Nothing but a question is sent to it until somebody there has said yes.');

const url = z
  .url({ protocol: /^https?$/, error: 'an address that begins with https:// or http://' })
  .max(URL_LENGTH_MAX)
  .refine((text) => !URL.canParse(text) || new URL(text).username === '', 'no user or password here: use a header')
  .refine((text) => !text.includes('#'), 'no fragment: it would not be sent');

const pair = {
  name: z.string().min(1).max(100).describe('Its name.'),
  value: z
    .string()
    .max(HEADER_VALUE_LENGTH_MAX)
    .refine(printable, 'control characters are not allowed')
    .optional()
    .describe('Its value. Absent of one that is secret: it stays as it is.'),
  isSecret: z.boolean().default(false).describe('Its value is never shown again.'),
};

const header = z.strictObject({
  ...pair,
  name: pair.name.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'not a header name'),
  value: pair.value.refine((text) => text === undefined || /^[\x20-\x7e\x80-\xff]*$/.test(text), 'not for a header'),
});
const param = z.strictObject({ ...pair, name: pair.name.refine(printable, 'control characters are not allowed') });

/** As it was read, an address has more about it. */
function addressOf(given: unknown): unknown {
  return typeof given === 'object' && given !== null && 'address' in given ? given.address : given;
}

export const slackOptions = z.strictObject({
  webhookUrl: url.optional().describe('Address of the incoming webhook. A secret: it is never shown again.'),
  webhookHost: z.string().max(300).optional().describe('As it was read; it is in the address.'),
});
export const emailOptions = z.strictObject({
  addresses: z
    .array(z.preprocess(addressOf, address))
    .min(1)
    .max(ADDRESSES_MAX)
    .describe('Who is written to, each by a message of its own.'),
});
export const httpOptions = z.strictObject({
  url: url.describe('Where it is sent to. Redirects are not followed.'),
  method: z.enum(['POST', 'PUT']).default('POST').describe('How.'),
  contentType: z
    .enum(['application/json', 'text/plain'])
    .default('application/json')
    .describe('What the body is. In JSON, values are escaped as parts of texts.'),
  headers: z.array(header).max(HEADERS_MAX).default([]).describe('Headers of the request.'),
  params: z.array(param).max(HEADERS_MAX).default([]).describe('Parameters that are added to the address.'),
});

const shownPair = z.object({ name: z.string(), value: z.string().optional(), isSecret: z.boolean() });

const destinationOptions = z
  .object({
    webhookHost: z.string().optional().describe('Of Slack: the host of the webhook.'),
    addresses: z
      .array(
        z.object({
          address: z.string(),
          confirmedAt: instant.nullable().describe('null: nothing is sent to it before it is confirmed.'),
          askedAt: instant.nullable().describe('When the link for it was sent last.'),
        }),
      )
      .optional()
      .describe('Of e-mail.'),
    url: z.string().optional(),
    method: z.enum(['POST', 'PUT']).optional(),
    contentType: z.enum(['application/json', 'text/plain']).optional(),
    headers: z.array(shownPair).optional(),
    params: z.array(shownPair).optional(),
  })
  .describe('Without anything secret.');

export const destination = z
  .object({
    id,
    name,
    kind: z.enum(destinationKinds),
    options: destinationOptions,
    failingSince: instant.nullable().describe('Since when nothing arrives there.'),
    failuresInRow: z.int().describe('Tries that failed since the last one that did not.'),
    lastError: z.string().nullable().describe('What was answered to the last of them.'),
    lastSentAt: instant.nullable(),
    version: z.int().describe('Counts changes; the ETag.'),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'NoticeDestination', title: 'Destination of notices' });
export type Destination = z.output<typeof destination>;

const optionsOf = z.record(z.string().max(100), z.unknown());

export const destinationCreate = z.strictObject({
  name,
  kind: z.enum(destinationKinds).describe('Slack (an incoming webhook), e-mail, or a request by HTTP.'),
  options: optionsOf.describe(
    'Slack: `webhookUrl`. E-mail: `addresses`. HTTP: `url`, `method`, `contentType`, `headers`, `params`.',
  ),
});
export const destinationUpdate = z.strictObject({
  name: name.optional(),
  options: optionsOf.optional().describe('All of them; secrets that are absent stay.'),
});

export const noticeEvents = [
  'run_succeeded',
  'run_failed',
  'run_finished',
  'run_canceled',
  'record_count',
  'run_elapsed',
  'run_waiting',
  'schedule_off',
  'destination_failing',
] as const;
export const noticeCounters = [
  'records_read',
  'records_written',
  'records_rejected',
  'records_skipped',
  'bytes_read',
  'bytes_written',
] as const;
export const RULES_MAX = 20;

const SUBJECT_LENGTH_MAX = 300;
const BODY_LENGTH_MAX = 10_000;

const ruleFields = {
  name: name.describe('Name of the rule.'),
  destinationId: id.describe('Where its notices go.'),
  event: z.enum(noticeEvents).describe('What it tells.'),
  counter: z.enum(noticeCounters).nullable().describe('Of `record_count`: what is counted.'),
  comparison: z.enum(['above', 'below']).nullable().describe('Of `record_count`.'),
  threshold: z.int().min(0).nullable().describe('Of `record_count`: the number itself is neither above nor below.'),
  afterMinutes: z.int().min(1).max(10_080).nullable().describe('Of `run_elapsed` and `run_waiting`: minutes.'),
  language: z.enum(['en', 'ja']).describe('Of the default templates.'),
  subject: z
    .string()
    .min(1)
    .max(SUBJECT_LENGTH_MAX)
    .refine(printable, 'it is one line')
    .nullable()
    .describe('Template of the subject; null for the default one.'),
  body: z.string().min(1).max(BODY_LENGTH_MAX).nullable().describe('Template of the body; null for the default one.'),
  isGrouped: z.boolean().describe('Many notices within half a minute become one message.'),
  isEnabled: z.boolean().describe('Whether it tells anything.'),
};

export const ruleScopes = ['workspace', 'group', 'transfer'] as const;

const scopeFields = {
  scope: z.enum(ruleScopes).describe('What it is for, with all that is below.'),
  scopeId: id.nullable().describe('Id of the group or the transfer; null for the workspace.'),
};

export const rule = z
  .object({
    id,
    ...scopeFields,
    ...ruleFields,
    switchedOff: z
      .array(z.object({ scope: z.enum(['group', 'transfer']), scopeId: id }))
      .describe('Where it does not apply, of what is below it.'),
    version: z.int().describe('Counts changes; the ETag.'),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'NoticeRule', title: 'Rule of notices' });
export type Rule = z.output<typeof rule>;

export const ruleCreate = z.strictObject({
  ...scopeFields,
  scopeId: scopeFields.scopeId.default(null),
  ...ruleFields,
  counter: ruleFields.counter.default(null),
  comparison: ruleFields.comparison.default(null),
  threshold: ruleFields.threshold.default(null),
  afterMinutes: ruleFields.afterMinutes.default(null),
  language: ruleFields.language.default('en'),
  subject: ruleFields.subject.default(null),
  body: ruleFields.body.default(null),
  isGrouped: ruleFields.isGrouped
    .optional()
    .describe('Many notices within half a minute become one message; by default unless they go to HTTP.'),
  isEnabled: ruleFields.isEnabled.default(true),
});
export const ruleUpdate = z.strictObject(ruleFields).partial();

export const switchOff = z.strictObject({
  scope: z.enum(['group', 'transfer']).describe('What is below the rule.'),
  scopeId: id.describe('Its id.'),
  isOff: z.boolean().describe('False: it applies again.'),
});

export const deliveryStates = ['waiting', 'sent', 'dead'] as const;

const deliveryFields = {
  id,
  kind: z.enum(['notice', 'group', 'confirmation', 'test']),
  ruleId: id.nullable(),
  ruleName: z.string().nullable(),
  destinationId: id,
  destinationName: z.string(),
  address: z.string().nullable().describe('Of e-mail.'),
  subject: z.string(),
  noticeCount: z.int().describe('Notices in it.'),
  state: z.enum(deliveryStates).describe('`dead`: it is not tried again by itself.'),
  tries: z.int(),
  nextTryAt: instant.nullable(),
  lastStatus: z.int().nullable().describe('Status of the last answer.'),
  lastAnswer: z.string().nullable().describe('Its beginning, without secrets.'),
  createdAt: instant,
  sentAt: instant.nullable(),
};

export const delivery = z.object(deliveryFields).meta({ id: 'NoticeDelivery', title: 'Delivery of a notice' });
export type Delivery = z.output<typeof delivery>;

export const deliveryWhole = z
  .object({
    ...deliveryFields,
    body: z.string().describe('As it is sent; empty of one with a link in it.'),
    attempts: z
      .array(
        z.object({
          no: z.int(),
          at: instant,
          outcome: z.enum(['sent', 'retry', 'failed']),
          status: z.int().nullable(),
          answer: z.string(),
          durationMs: z.int(),
        }),
      )
      .describe('Each try, the first one first.'),
    notices: z
      .array(z.object({ event: z.enum(noticeEvents), runId: id.nullable(), transferId: id.nullable(), at: instant }))
      .describe('What it tells, up to 1000.'),
  })
  .meta({ id: 'NoticeDeliveryWhole', title: 'Delivery of a notice, with its tries' });

export const testArguments = z.strictObject({
  event: z.enum(noticeEvents).default('run_failed').describe('What it pretends to tell.'),
  language: z.enum(['en', 'ja']).default('en').describe('Of the default templates.'),
  subject: ruleFields.subject.optional().describe('Another template than the default one.'),
  body: ruleFields.body.optional().describe('Another template than the default one.'),
});

export const testOutcome = z
  .object({
    outcome: z.enum(['sent', 'retry', 'failed']).describe('`retry`: a real one would be tried again.'),
    status: z.int().nullable(),
    answer: z.string().describe('Beginning of the answer, or what failed.'),
    durationMs: z.int(),
    address: z.string().nullable().describe('Of e-mail.'),
  })
  .meta({ id: 'NoticeTestOutcome', title: 'What became of a test message' });
export type TestOutcome = z.output<typeof testOutcome>;

const smtpFields = {
  host: z.string().min(1).max(253).refine(printable).describe('Name or address of the server.'),
  port: z.int().min(1).max(65_535).describe('587 and 25 begin in plain text, 465 in TLS.'),
  security: z
    .enum(['tls', 'starttls', 'none'])
    .describe('`tls`: from the beginning. `starttls`: required before anything is said. `none`: never.'),
  user: z.string().max(200).refine(printable).nullable().describe('Who logs in; null: nobody.'),
  from: address.describe('The address that messages come from.'),
  fromName: z.string().max(100).refine(printable).describe('The name beside it.'),
};

export const smtpServer = z
  .object({
    ...smtpFields,
    hasPassword: z.boolean(),
    source: z.enum(['environment', 'stored']).describe('`environment`: it cannot be changed here.'),
    version: z.int().describe('Counts changes; the ETag.'),
  })
  .meta({ id: 'SmtpServer', title: 'Server that e-mail goes through' });
export type SmtpServer = z.output<typeof smtpServer>;

export const smtpWrite = z.strictObject({
  ...smtpFields,
  port: smtpFields.port.default(587),
  security: smtpFields.security.default('starttls'),
  user: smtpFields.user.default(null),
  fromName: smtpFields.fromName.default('Ropeway'),
  password: z.string().max(1000).nullable().optional().describe('Absent: it stays. null: there is none.'),
});

export const confirmArguments = z.strictObject({
  token: z.string().min(1).max(300).describe('What the link carries behind `token=`.'),
});
export const confirmed = z.object({ address: z.string().describe('The address that is confirmed now.') });

export const noticeTemplates = z
  .object({
    fields: z.array(
      z.object({ name: z.string(), description: z.string(), example: z.union([z.string(), z.number()]) }),
    ),
    defaults: z.array(
      z.object({ event: z.enum(noticeEvents), language: z.enum(['en', 'ja']), subject: z.string(), body: z.string() }),
    ),
  })
  .meta({ id: 'NoticeTemplates', title: 'What templates may name, and the default ones' });
