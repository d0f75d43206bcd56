/** What a message says: templates, values, and the destination that it is for. */
import type { DestinationKind, NoticeEventKind, NoticeLanguage } from '#control/store/notice-tables.ts';
import { isRopewayError } from '#spi/errors.ts';
import { defaultDocument, defaultText, ownTexts } from './default-templates.ts';
import { checkTemplate, oneLine, renderTemplate } from './template.ts';
import type { NoticeFields, TemplateForm } from './template.ts';

export interface MessageSpec {
  readonly kind: DestinationKind;
  /** Of HTTP. */
  readonly contentType: string | undefined;
  readonly event: NoticeEventKind;
  readonly language: NoticeLanguage;
  /** null: the default ones. */
  readonly subject: string | null;
  readonly body: string | null;
}

export interface Message {
  readonly subject: string;
  readonly body: string;
}

/** Notices of a group that are told one by one. */
export const GROUP_SHOWN = 10;

function bodyForm({ kind, contentType }: Pick<MessageSpec, 'kind' | 'contentType'>): TemplateForm {
  if (kind === 'slack') return 'slack';
  return kind === 'http' && contentType === 'application/json' ? 'json' : 'text';
}

/** Throws `NOTICE_TEMPLATE_INVALID` for a template that could not be used for such a destination. */
export function checkTemplates(spec: Pick<MessageSpec, 'kind' | 'contentType' | 'subject' | 'body'>): void {
  if (spec.subject !== null) checkTemplate(spec.subject, 'line');
  if (spec.body !== null) checkTemplate(spec.body, bodyForm(spec));
}

export function makeMessage(spec: MessageSpec, fields: NoticeFields): Message {
  const own = spec.subject === null && spec.body === null ? undefined : attempted(spec, fields);
  return own ?? messageOf({ ...spec, subject: null, body: null }, fields);
}

/** Undefined when it makes no message of these values: then the default one tells, rather than nobody. */
function attempted(spec: MessageSpec, fields: NoticeFields): Message | undefined {
  try {
    const message = messageOf(spec, fields);
    return bodyForm(spec) !== 'json' || isJson(message.body) ? message : undefined;
  } catch (error) {
    // It was checked when it was saved: a field of it is gone, or it took too long.
    if (isRopewayError(error)) return undefined;
    throw error;
  }
}

function messageOf(spec: MessageSpec, fields: NoticeFields): Message {
  const form = bodyForm(spec);
  const text = defaultText(spec.event, spec.language);
  const subject = subjectOf(spec, spec.subject ?? text.subject, fields);
  if (spec.body !== null) return { subject, body: renderTemplate(spec.body, form, fields) };
  if (form === 'json') return { subject, body: renderTemplate(defaultDocument, form, fields) };
  // Lines of what does not apply are left out.
  const body = renderTemplate(text.body, form, fields).replace(/\s*\n\s*/g, '\n');
  return { subject, body: body.trim() };
}

function subjectOf({ kind }: MessageSpec, template: string, fields: NoticeFields): string {
  return kind === 'slack'
    ? oneLine(renderTemplate(template, 'slack', fields))
    : renderTemplate(template, 'line', fields);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // That it is none is the answer.
    return false;
  }
}

/** One message for many notices of a rule; the list of all is in the log of deliveries. */
export function makeGroup(spec: MessageSpec, ruleName: string, all: readonly NoticeFields[]): Message {
  const form = bodyForm(spec);
  const own = ownTexts[spec.language];
  const count = all.length;
  const shown = all.slice(0, GROUP_SHOWN);
  const name = renderTemplate('{{ rule_name }}', spec.kind === 'slack' ? 'slack' : 'line', {
    ...(all[0] as NoticeFields),
    rule_name: ruleName,
  });
  const subject = own.subject(count, name);
  if (form === 'json') {
    const document = {
      event: spec.event,
      rule: ruleName,
      count,
      first: shown.map((fields) => JSON.parse(renderTemplate(defaultDocument, 'json', fields)) as unknown),
    };
    return { subject, body: JSON.stringify(document) };
  }
  const lines = shown.map((fields) => `- ${renderTemplate(LINE, form, fields).replace(/\s+/g, ' ').trim()}`);
  const more = count > shown.length ? [own.more(count - shown.length)] : [];
  return { subject, body: [own.first(count), ...lines, ...more].join('\n') };
}

const LINE = '{{ transfer_name }} {{ run_id }} {{ run_state }} {{ error_title }} {{ schedule_reason }} {{ run_url }}';
