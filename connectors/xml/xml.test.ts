import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#spi/json.ts';
import { parseFile } from '#test/kit/parsing.ts';

const document = `<?xml version="1.0"?>
<!DOCTYPE data [<!ELEMENT data ANY>]>
<data>
  <student>outside</student>
  <students count="3">
    <!-- <student><name>no</name></student> -->
    <student id="1"><name>John &amp; <![CDATA[<Yoko>]]>&#x1F600;</name><age> 10 </age><mark>1</mark><mark>2</mark></student>
    <student id="2" active="yes"><name/><born day="2020-01-02"/><a><name>deep</name></a></student>
    <student id="x"/>
    <student id="4"><age>12</age><age>13</age></student>
    <other><student id="5"/></other>
  </students>
</data>`;

const columns = [
  { name: 'id', type: 'long', path: '@id' },
  { name: 'name', type: 'string' },
  { name: 'age', type: 'long' },
  { name: 'marks', type: 'json', path: 'mark', multiple: 'json' },
  { name: 'born', type: 'timestamp', path: 'born/@day', format: '%Y-%m-%d' },
  { name: 'active', type: 'boolean', path: '@active' },
];

const one = [{ name: 'a', type: 'string' }];

async function read(text: string | Uint8Array, config: JsonObject): Promise<unknown> {
  const { rows, rejected } = await parseFile('xml', config, text);
  for (const pieceBytes of [1, 7, 100]) {
    expect(await parseFile('xml', config, text, { pieceBytes })).toMatchObject({ rows, rejected });
  }
  return rejected.length === 0 ? rows : { rows, rejected };
}

/** The values of the columns in one record. */
async function values(record: string, own: readonly JsonObject[], more: JsonObject = {}): Promise<unknown> {
  const rows = await read(`<r>${record}</r>`, { root: 'r/x', columns: own, ...more });
  return Array.isArray(rows) && rows.length === 1 ? (rows[0] as unknown) : rows;
}

describe('xml parser', () => {
  it('reads elements and attributes, and leaves bad records out with their places', async () => {
    expect(await read(document, { root: '/data/students/student', columns })).toEqual({
      rows: [
        [1n, 'John & <Yoko>😀', 10n, '["1","2"]', null, null],
        [2n, '', null, null, { seconds: 1577923200, nanos: 0 }, true],
      ],
      rejected: [
        expect.stringMatching(/^9:#3 CELL_TEXT id: x, /),
        expect.stringMatching(/^10:#4 XML_VALUE_REPEATED id: 4, name: , age: 12,/),
      ],
    });
  });

  it.each<[string, string, JsonObject[], unknown]>([
    ['the text of an element with others in it', '<x><a>1<b>2</b>3</a></x>', one, ['123']],
    ['the text of the record', '<x> 1<b>2</b></x>', [{ name: 'a', type: 'string', path: '.' }], [' 12']],
    ['white space as it is', '<x><a> \n </a></x>', one, [' \n ']],
    ['a line break as LF', '<x><a>1\r\n2\r3</a></x>', one, ['1\n2\n3']],
    ['nothing', '<x/>', one, [null]],
    ['any element', '<x><b><c>1</c></b></x>', [{ name: 'a', type: 'long', path: '*/c' }], [1n]],
    ['the first of several', '<x><a>1</a><a>2</a></x>', [{ name: 'a', type: 'string', multiple: 'first' }], ['1']],
    ['the last of several', '<x><a>1</a><a>2</a></x>', [{ name: 'a', type: 'string', multiple: 'last' }], ['2']],
    ['json', '<x><a>{"b": 1}</a></x>', [{ name: 'a', type: 'json' }], ['{"b":1}']],
    ['a record in a record as its part', '<x><x><a>1</a></x></x>', [{ name: 'a', type: 'long', path: 'x/a' }], [1n]],
    [
      'one element for two columns, and one within it',
      '<x><a k="v">1<b>2</b></a></x>',
      [
        ...one,
        { name: 'b', type: 'long', path: 'a/b' },
        { name: 'c', type: 'string', path: 'a/@k' },
        { ...one[0], path: 'a' },
      ],
      ['12', 2n, 'v', '12'],
    ],
  ])('reads %s', async (_title, record, own, expected) => expect(await values(record, own)).toEqual(expected));

  it('trims when it is to', async () => {
    expect(await values('<x><a> \n1 </a></x>', one, { trim: true })).toEqual(['1']);
  });

  it('compares names with their namespaces, whatever their prefixes', async () => {
    const text = `<f:feed xmlns:f="http://f" xmlns="http://e"><entry p:id="1" xmlns:p="http://f"><f:a>x</f:a></entry><f:entry/></f:feed>`;
    const own = [
      { name: 'id', type: 'long', path: '@q:id' },
      { name: 'a', type: 'string', path: 'q:a' },
    ];
    const namespaces = { q: 'http://f', e: 'http://e' };
    expect(await read(text, { root: 'q:feed/e:entry', columns: own, namespaces })).toEqual([[1n, 'x']]);
    const plain = [{ name: 'id', type: 'long', path: '@p:id' }];
    expect(await read(text, { root: 'f:feed/entry', schema: plain })).toEqual([[1n]]);
  });

  it.each([
    ['UTF-8', '\ufeff<r><x><a>言</a></x></r>', 'utf8'],
    ['UTF-16', '\ufeff<?xml version="1.0" encoding="UTF-16"?><r><x><a>言</a></x></r>', 'utf16le'],
    ['UTF-16 without a mark', '<r><x><a>言</a></x></r>', 'utf16le'],
  ] as const)('reads %s', async (_title, text, encoding) => {
    expect(await read(Buffer.from(text, encoding), { root: 'r/x', columns: one })).toEqual([['言']]);
  });

  it('reads the charset of the declaration, or the one that is said', async () => {
    const bytes = (encoding: string): Buffer =>
      Buffer.concat([
        Buffer.from(`<?xml version='1.0' encoding='${encoding}'?><r><x><a>`),
        Buffer.from([0x83, 0x5c]),
        Buffer.from('</a></x></r>'),
      ]);
    expect(await read(bytes('Shift_JIS'), { root: 'r/x', columns: one })).toEqual([['ソ']]);
    expect(await read(bytes('UTF-8'), { root: 'r/x', columns: one, charset: 'MS932' })).toEqual([['ソ']]);
  });

  const laughs = `<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><r><x><a>&b;</a></x></r>`;
  it.each([
    ['a tag that is not closed', '<r>\n<x></r>', 'XML_SYNTAX', 2],
    ['an end in the middle', '<r><x>', 'XML_SYNTAX', 1],
    ['two roots', '<r/><r/>', 'XML_SYNTAX', 1],
    ['an attribute twice', '<r a="1" a="2"/>', 'XML_SYNTAX', 1],
    ['entities that the file declares', laughs, 'XML_SYNTAX', 1],
    ['entities from elsewhere', '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r>&a;</r>', 'XML_SYNTAX', 1],
    ['no records where they should be', '<q><x/></q>', 'XML_ROOT_NOT_FOUND', undefined],
    ['an encoding that is none', '<?xml version="1.0" encoding="klingon"?><r/>', 'XML_ENCODING', undefined],
    ['elements too deep', '<r>'.repeat(1001), 'XML_TOO_DEEP', 1],
  ])('refuses %s', async (_title, text, code, line) => {
    for (const pieceBytes of [1, 1000]) {
      const refused = parseFile('xml', { root: 'r/x', columns: one }, text, { pieceBytes });
      await expect(refused).rejects.toMatchObject({ code, where: line === undefined ? { file: '/file' } : { line } });
    }
  });

  it('refuses bytes that are not UTF-8', async () => {
    const refused = parseFile('xml', { root: 'r/x', columns: one }, Buffer.from('3c723eff3c2f723e', 'hex'));
    await expect(refused).rejects.toMatchObject({ code: 'XML_ENCODING' });
  });

  it('takes an empty list of records for none', async () => {
    expect(await read('<r><y/></r>', { root: 'r/x', columns: one })).toEqual([]);
  });

  it('reads many small records', async () => {
    const text = `<r>${'<x/>'.repeat(10_000)}</r>`;
    const { rows } = await parseFile('xml', { root: 'r/x', columns: one }, text);
    expect(rows).toHaveLength(10_000);
  });

  it.each<[JsonObject, string]>([
    [{ root: 'r/x' }, 'columns'],
    [{ root: 'r/x', columns: one, schema: one }, 'schema'],
    [{ root: '//x', columns: one }, 'root'],
    [{ root: 'r/@x', columns: one }, 'root'],
    [{ root: 'r/x', columns: [{ name: 'a b', type: 'string' }] }, 'columns.0.path'],
    [{ root: 'r/x', columns: [{ name: 'a', type: 'string', path: 'b[1]' }] }, 'columns.0.path'],
    [{ root: 'r/x', columns: [{ name: 'a', type: 'long', multiple: 'json' }] }, 'columns.0.multiple'],
    [{ root: 'n:r/x', columns: one, namespaces: {} }, 'root'],
    [{ root: 'r/x', columns: one, charset: 'klingon' }, 'charset'],
  ])('refuses %j', async (config, place) => {
    const path = place.split('.').map((text) => (/^\d+$/.test(text) ? Number(text) : text));
    await expect(parseFile('xml', config, '')).rejects.toMatchObject({ kind: 'config', where: { path } });
  });
});
