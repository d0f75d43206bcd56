import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noticeFields } from '#api/resources/notice-fields.ts';
import { noticeEvents } from '#api/resources/notice.ts';
import { defaultText } from './default-templates.ts';
import { checkTemplates, makeGroup, makeMessage } from './message.ts';
import type { MessageSpec } from './message.ts';
import { checkTemplate, emptyFields, exampleFields, oneLine, renderTemplate } from './template.ts';
import type { NoticeFields, TemplateForm } from './template.ts';

/** Pieces of texts that mean something to somebody. */
const awkward = [
  '"',
  '\\',
  '\n',
  '\r',
  '\u0000',
  '<',
  '>',
  '&',
  '&lt;',
  '{{',
  '}}',
  '{%',
  '|',
  '\u2028',
  '😀',
  '\ud800',
  'a',
  ' ',
];

const withName = (name: string): NoticeFields => ({ ...exampleFields, transfer_name: name });

describe('checkTemplate()', () => {
  it.each<[string, TemplateForm, RegExp]>([
    ['{{ run_idd }}', 'text', /there is no field "run_idd"/],
    ['{{ run_id.constructor }}', 'text', /there is no field "run_id\.constructor"/],
    ['{{ run_id', 'text', /not closed/],
    ['{% for x in (1..9) %}{% endfor %}', 'text', /tag "for" not found/],
    ['{% assign run_id = 1 %}', 'text', /tag "assign" not found/],
    ['{{ error_title | raw }}', 'slack', /undefined filter: raw/],
    ['{{ error_title | escape }}', 'slack', /undefined filter: escape/],
    ['a\nb', 'line', /one line/],
    ['{"a": {{ error_title }} }', 'json', /no JSON/],
    ['{"a": "{{ error_title }}"', 'json', /no JSON/],
    ['{"a": "{{ error_title }}\n"}', 'json', /no JSON/],
  ])('refuses %j as %s', (template, form, reason) => {
    expect(() => checkTemplate(template, form)).toThrow(reason);
  });

  it('says which fields there are', () => {
    const check = (): void => checkTemplate('{{ nothing }}', 'text');
    expect(check).toThrow(expect.objectContaining({ hint: expect.stringContaining('run_url') as string }));
  });

  it.each<[string, TemplateForm]>([
    ['{{ run_id }}', 'line'],
    ['{{ error_title | default: "none" | truncate: 20 | upcase }}', 'text'],
    ['{"text": "{{ error_title }}", "rows": {{ records_read | plus: 1 }}}', 'json'],
    ['"{{ error_hint }}"', 'json'],
  ])('takes %j as %s', (template, form) => checkTemplate(template, form));

  it.each(Object.keys(noticeFields))('knows %s in every form', (name) => {
    for (const form of ['line', 'text', 'slack'] as const) checkTemplate(`{{ ${name} }}`, form);
    checkTemplate(`{"v": "{{ ${name} }}"}`, 'json');
  });
});

describe('renderTemplate()', () => {
  it('makes no more of a value than a value, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...awkward), maxLength: 50 }), (value) => {
        const json = renderTemplate('{"a": "{{ transfer_name }}", "b": 1}', 'json', withName(value));
        expect(JSON.parse(json)).toEqual({ a: value, b: 1 });
        expect(renderTemplate('{{ transfer_name }}', 'line', withName(value))).not.toMatch(/[\r\n\u0000]/);
        expect(renderTemplate('{{ transfer_name }}', 'slack', withName(value))).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
      }),
    );
  });

  it('leaves what the template itself says', () => {
    const text = renderTemplate('<@U1> {{ transfer_name }} <https://a|b>', 'slack', withName('<!channel>'));
    expect(text).toBe('<@U1> &lt;!channel&gt; <https://a|b>');
  });

  it('escapes texts that the template makes, too', () => {
    expect(renderTemplate('{{ "<!here>" }}{{ "x" | append: "<" }}', 'slack', exampleFields)).toBe('&lt;!here&gt;x&lt;');
  });

  it('cuts what is too long, never within a character', () => {
    const line = renderTemplate('{{ transfer_name }}', 'line', withName('😀'.repeat(400)));
    expect(line.length).toBeLessThanOrEqual(300);
    expect(line.isWellFormed()).toBe(true);
    const long = renderTemplate('{{ transfer_name }}', 'text', withName('x'.repeat(30_000)));
    expect([long.length, long.at(-1)]).toEqual([20_000, '…']);
  });
});

it.each([
  ['a\r\nBcc: x@y', 'a Bcc: x@y'],
  ['a\u2028b\u202ec', 'a b c'],
  ['\u0000 a \u0007', 'a'],
])('oneLine(%j) is %j', (text, line) => expect(oneLine(text)).toBe(line));

describe('makeMessage()', () => {
  const cases = noticeEvents.flatMap((event) =>
    (['en', 'ja'] as const).flatMap((language) =>
      (['slack', 'email', 'http'] as const).map((kind): MessageSpec => {
        const contentType = kind === 'http' ? 'application/json' : undefined;
        return { kind, contentType, event, language, subject: null, body: null };
      }),
    ),
  );

  it.each(cases)('has a default for $event in $language to $kind', (spec) => {
    checkTemplates({
      ...spec,
      ...defaultText(spec.event, spec.language),
      ...(spec.kind === 'http' ? { body: null } : {}),
    });
    for (const fields of [exampleFields, { ...emptyFields, event: spec.event }]) {
      const { subject, body } = makeMessage(spec, fields);
      expect(subject).not.toMatch(/[{}\n]/);
      if (spec.kind === 'http') expect(JSON.parse(body)).toMatchObject({ event: fields.event });
      else expect(body).not.toMatch(/\{\{|\n\n|undefined|null/);
    }
  });

  it('sends the default document when a value makes none of the own one', () => {
    const body = '{"share": {{ records_read | divided_by: records_written }}}';
    const spec: MessageSpec = {
      ...{ kind: 'http', contentType: 'application/json', event: 'run_failed', language: 'en', subject: null, body },
    };
    expect(makeMessage(spec, exampleFields).body).toMatch(/^\{"share": [\d.]+\}$/);
    const none = makeMessage(spec, { ...exampleFields, records_written: 0 });
    expect(JSON.parse(none.body)).toMatchObject({ event: 'run_failed' });
  });

  it('tells by the default when the own template can be used no more', () => {
    const own = { kind: 'email', contentType: undefined, event: 'run_failed', language: 'en', subject: null } as const;
    expect(makeMessage({ ...own, body: 'mine' }, exampleFields).body).toBe('mine');
    for (const body of ['{{ a_field_of_before }}', '{% x %}']) {
      expect(makeMessage({ ...own, body }, exampleFields).body).toContain(exampleFields.error_title);
    }
  });
});

it('makeGroup() counts all and tells the first few, in every form', () => {
  const all = Array.from({ length: 300 }, (_, index) => ({ ...exampleFields, run_id: `run-${index}`, run_url: '' }));
  const base = { event: 'run_failed', language: 'en', subject: null, body: null } as const;
  const mail = makeGroup({ ...base, kind: 'email', contentType: undefined }, 'nightly', all);
  expect(mail.subject).toBe('300 notices: nightly');
  expect(mail.body.match(/run-\d+/g)).toEqual(Array.from({ length: 10 }, (_, index) => `run-${index}`));
  expect(mail.body).toMatch(/… and 290 more\.$/);
  const slack = makeGroup({ ...base, kind: 'slack', contentType: undefined }, '<!channel>', all);
  expect(slack.subject).toBe('300 notices: &lt;!channel&gt;');
  const http = makeGroup({ ...base, kind: 'http', contentType: 'application/json' }, 'n', all);
  expect(JSON.parse(http.body)).toMatchObject({ count: 300, first: { length: 10, 0: { run: { id: 'run-0' } } } });
});
