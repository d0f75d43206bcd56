/**
 * Templates of notices: text with `{{ field }}` in it, for subjects and bodies alike. Values, not programs. A value
 * never becomes more than a value: it is escaped for what the text is going to be.
 */
import { Liquid } from 'liquidjs';
import type { Template } from 'liquidjs';
import { noticeFields } from '#api/resources/notice-fields.ts';
import type { NoticeFieldName } from '#api/resources/notice-fields.ts';
import { noticeErrors } from './errors.ts';

export type NoticeFields = Readonly<Record<NoticeFieldName, string | number>>;

/** What the text is: a line, text, a message of Slack, or a JSON document with values inside of its texts. */
export type TemplateForm = 'line' | 'text' | 'slack' | 'json';

const TEMPLATE_LENGTH_MAX = 20_000;
const RENDER_MS_MAX = 200;
const RENDER_MEMORY_MAX = 2_000_000;
const LINE_LENGTH_MAX = 300;
/** Slack takes 40,000; nobody reads that. */
const TEXT_LENGTH_MAX = 20_000;

/** Filters that make a value of a value. `raw` is none of them: nothing may leave the escaping out. */
const filters = new Set([
  ...['append', 'capitalize', 'ceil', 'date', 'default', 'divided_by', 'downcase', 'floor', 'minus', 'modulo'],
  ...['plus', 'prepend', 'replace', 'round', 'slice', 'strip', 'times', 'truncate', 'upcase'],
]);

const escapes: Readonly<Record<TemplateForm, (text: string) => string>> = {
  line: oneLine,
  text: (text) => text,
  slack: (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  json: (text) => JSON.stringify(text).slice(1, -1),
};

/** Nothing that could end the line, or turn it around. */
export function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').trim();
}

const engines = Object.fromEntries(
  Object.entries(escapes).map(([form, escape]) => [form, makeEngine(escape)]),
  // Of the keys of `escapes`.
) as Readonly<Record<TemplateForm, Liquid>>;

function makeEngine(escape: (text: string) => string): Liquid {
  const engine = new Liquid({
    strictFilters: true,
    strictVariables: true,
    ownPropertyOnly: true,
    parseLimit: TEMPLATE_LENGTH_MAX,
    renderLimit: RENDER_MS_MAX,
    memoryLimit: RENDER_MEMORY_MAX,
    outputEscape: (value: unknown) => escape(value === null || value === undefined ? '' : String(value)),
  });
  for (const tag of Object.keys(engine.tags)) delete engine.tags[tag];
  for (const filter of Object.keys(engine.filters)) if (!filters.has(filter)) delete engine.filters[filter];
  return engine;
}

/** Throws `NOTICE_TEMPLATE_INVALID`; a template that passes can be rendered with any values. */
export function checkTemplate(template: string, form: TemplateForm): void {
  const parsed = parse(template, form);
  const unknown = engines[form].fullVariablesSync(parsed).filter((name) => !Object.hasOwn(noticeFields, name));
  if (unknown.length > 0) throw invalid(`there is no field ${unknown.map((name) => `"${name}"`).join(', ')}`);
  if (form === 'line' && oneLine(template) !== template.trim()) throw invalid('a subject is one line');
  for (const values of [exampleFields, awkwardFields]) {
    const text = render(parsed, form, values);
    if (form === 'json') assertJson(text);
  }
}

/** The text, not longer than what is taken. */
export function renderTemplate(template: string, form: TemplateForm, fields: NoticeFields): string {
  const text = render(parse(template, form), form, fields);
  if (form === 'line') return cut(oneLine(text), LINE_LENGTH_MAX);
  // A document that was cut would be none.
  return form === 'json' ? text : cut(text, TEXT_LENGTH_MAX);
}

function cut(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  return `${text.slice(0, lengthMax - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

function parse(template: string, form: TemplateForm): Template[] {
  try {
    return engines[form].parse(template);
  } catch (error) {
    throw invalid(reasonOf(error), error);
  }
}

function render(parsed: Template[], form: TemplateForm, fields: NoticeFields): string {
  try {
    return String(engines[form].renderSync(parsed, { ...fields }));
  } catch (error) {
    throw invalid(reasonOf(error), error);
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

function assertJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    throw invalid(`with values in it, it is no JSON (${reasonOf(error)})`, error);
  }
}

function invalid(reason: string, cause?: unknown) {
  const fields = Object.keys(noticeFields).join(', ');
  return noticeErrors.error('NOTICE_TEMPLATE_INVALID', { reason, example: '{{ run_id }}', fields }, { cause });
}

function fieldsBy(value: (name: NoticeFieldName, example: string | number) => string | number): NoticeFields {
  const names = Object.keys(noticeFields) as NoticeFieldName[];
  // Each name has its value.
  return Object.fromEntries(names.map((name) => [name, value(name, noticeFields[name].example)])) as NoticeFields;
}

/** For tests: what a notice might say. */
export const exampleFields: NoticeFields = fieldsBy((_, example) => example);

/** What does not apply. */
export const emptyFields: NoticeFields = fieldsBy((_, example) => (typeof example === 'number' ? 0 : ''));

/** Texts with everything in them that means something to somebody. */
const awkwardFields: NoticeFields = fieldsBy((_, example) =>
  typeof example === 'number' ? 0 : '"\\ \n\t\u0000 <!channel> & {{ x }} \u2028 漢 😀',
);
