/** The output against a real server: every mode, what it refuses, and runs that die or meet each other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Batch } from '#spi/batch.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import type { TaskContext } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { Schema } from '#spi/schema.ts';
import { mariadbMissing, mariadbServer } from '#test/kit/mariadb-server.ts';
import type { MariaDbServer } from '#test/kit/mariadb-server.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { csvToTable, fail, readCsv, succeed, valuesToTable } from '#test/kit/postgres-jobs.ts';
import { workspace } from '#test/kit/workspace.ts';
import { mysqlOutput } from './output.ts';
import { mysqlOutputConfig } from './output-config.ts';
import type { MysqlOutputConfig } from './output-config.ts';

let server: MariaDbServer;

/** Tables of runs that are still there. */
async function leftovers(): Promise<string[]> {
  const rows = await server.query(
    "SELECT table_name FROM information_schema.tables WHERE table_name LIKE '%\\_ropeway\\_%'",
  );
  return rows.map(([name]) => String(name));
}

function context(): TaskContext {
  return {
    log: keptLog().log,
    signal: new AbortController().signal,
    tempDir: async () => '/nowhere',
    transactionTime: new Date(),
    isPreview: false,
    taskIndex: 0,
    reject: ({ reason }) => {
      throw reason;
    },
    progress: () => {},
  };
}

function configOf(options: object): MysqlOutputConfig {
  const { ['type']: _, ...written } = { ...server.options, ...options } as Record<string, unknown>;
  return mysqlOutputConfig.parse(written);
}

/** A batch of one row. */
function batchOf(schema: Schema, row: readonly unknown[]): Batch | undefined {
  const builder = new BatchBuilder(schema);
  for (const [index, { type }] of schema.columns.entries()) {
    const value = row[index];
    if (value === null || value === undefined) continue;
    if (type === 'long') builder.setLong(index, BigInt(Number(value)));
    else if (type === 'double') builder.setDouble(index, Number(value));
    else if (type === 'boolean') builder.setBoolean(index, value === true);
    else if (type === 'timestamp') {
      const [text = '', fraction = ''] = String(value).split('.');
      builder.setTimestamp(index, Date.parse(`${text}Z`) / 1000, Number(fraction.padEnd(9, '0')));
    } else builder.setString(index, type === 'json' ? JSON.stringify(value) : String(value));
  }
  builder.endRow();
  return builder.take();
}

/** What the plugin loads, without the command around it: for tables of cases. */
async function load(columns: Readonly<Record<string, string>>, row: readonly unknown[], output: object): Promise<void> {
  const schema = { columns: Object.entries(columns).map(([name, type]) => ({ name, type })) } as Schema;
  const config = configOf(output);
  const ctx = context();
  const plan = await mysqlOutput.plan(config, schema, 1, ctx);
  try {
    const sink = await mysqlOutput.open(config, plan, schema, ctx);
    try {
      const batch = batchOf(schema, row);
      if (batch !== undefined) await sink.write(batch);
      await mysqlOutput.commit(config, plan, [await sink.close()], ctx);
    } catch (error) {
      await sink.abort();
      throw error;
    }
  } finally {
    await mysqlOutput.cleanup?.(config, plan, [], ctx);
  }
}

async function refusal(...parameters: Parameters<typeof load>): Promise<string> {
  const error: unknown = await load(...parameters).catch((thrown: unknown) => thrown);
  return isRopewayError(error) ? `${error.code}: ${error.message} ${JSON.stringify(error.where)}` : String(error);
}

async function rowsOf(table: string): Promise<unknown[][]> {
  return server.query(`SELECT id, name FROM ${table} ORDER BY 1, 2`);
}

describe.skipIf(mariadbMissing !== '')(`mysqlOutput${mariadbMissing}`, () => {
  beforeAll(async () => {
    server = await mariadbServer(['--local-infile=1']);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it('creates the table with types for those of the input', async () => {
    await using place = await workspace();
    const columns = { b: 'boolean', l: 'long', d: 'double', s: 'string', j: 'json', t: 'timestamp', n: 'double' };
    const row = [true, -1, 0.1, 'x', { a: [1] }, '2024-01-01 00:00:00.123456', 2.555];
    const output = { table: 'created', mode: 'insert', column_options: { N: { type: 'DECIMAL(5, 2) NOT NULL' } } };
    await succeed(place, valuesToTable(server, columns, [row, [null, null, null, null, null, null, 1]], output));
    const types = `SELECT column_name, column_type, is_nullable FROM information_schema.columns
      WHERE table_name = 'created' ORDER BY ordinal_position`;
    expect(await server.query(types)).toEqual([
      ['b', 'tinyint(1)', 'YES'],
      ['l', 'bigint(20)', 'YES'],
      ['d', 'double', 'YES'],
      ['s', 'text', 'YES'],
      ['j', 'text', 'YES'],
      ['t', 'timestamp(6)', 'YES'],
      ['n', 'decimal(5,2)', 'NO'],
    ]);
    expect(await server.query("SET time_zone = '+00:00'; SELECT * FROM created ORDER BY n DESC")).toEqual([
      ['1', '-1', '0.1', 'x', '{"a":[1]}', '2024-01-01 00:00:00.123456', '2.56'],
      [null, null, null, null, null, null, '1.00'],
    ]);
    expect(await leftovers()).toEqual([]);
  });

  const [added, replaced, merged] = [
    [
      ['1', 'new'],
      ['1', 'old'],
      ['2', 'two'],
      ['7', 'kept'],
    ],
    [
      ['1', 'new'],
      ['2', 'two'],
    ],
    [
      ['1', 'new'],
      ['2', 'two'],
      ['7', 'kept'],
    ],
  ];
  it.each([
    ['insert', added],
    ['insert_direct', added],
    ['truncate_insert', replaced],
    ['replace', replaced],
    ['merge', merged],
    ['merge_direct', merged],
  ])('%s loads what two tasks bring', async (mode, expected) => {
    await using place = await workspace({ 'in/a.csv': '1,new\n', 'in/b.csv': '2,two\n' });
    const table = `mode_${mode}`;
    const key = mode.startsWith('merge') ? ' PRIMARY KEY' : '';
    await server.query(
      `CREATE TABLE ${table} (id int${key}, name text); INSERT INTO ${table} VALUES (1, 'old'), (7, 'kept')`,
    );
    const output = { table, mode, after_load: `ALTER TABLE ${table} COMMENT 'loaded'` };
    await succeed(place, csvToTable(server, output));
    expect(await rowsOf(table)).toEqual(expected);
    expect(
      await server.query(`SELECT table_comment FROM information_schema.tables WHERE table_name = '${table}'`),
    ).toEqual([['loaded']]);
    expect(await leftovers()).toEqual([]);
  });

  it.each(['insert', 'insert_direct', 'truncate_insert', 'replace', 'merge', 'merge_direct'])(
    '%s makes the table when there is none, with its constraint, also without rows',
    async (mode) => {
      await using place = await workspace({ 'in/a.csv': '' });
      const table = `Missing \`"é ${mode}`;
      const output = { table, mode, create_table_constraint: 'PRIMARY KEY (id)', create_table_option: "COMMENT 'x'" };
      const name = `\`${table.replace('`', '``')}\``;
      await succeed(place, csvToTable(server, output));
      expect(await rowsOf(name)).toEqual([]);
      await place.write('in/a.csv', '1,x\n');
      await succeed(place, csvToTable(server, output));
      expect(await rowsOf(name)).toEqual([['1', 'x']]);
      expect(await server.query(`SHOW KEYS FROM ${name}`)).toHaveLength(1);
      expect(await leftovers()).toEqual([]);
    },
  );

  const texts = `id,name\n1,"tab\there, back\\slash, new\nline, \\N, quote "" ' and é😀 \x1a"\n2,""\n3,\n4,\\.\n5,NULL\n6, blanks  \n`;
  const fromTexts = (output: object): string =>
    csvToTable(server, { ...output }).replace('type: csv,', 'type: csv, skip_header_lines: 1, escape: null,');

  it('takes texts through unchanged: CSV to the table to CSV', async () => {
    await using place = await workspace({ 'in/a.csv': texts });
    await succeed(place, fromTexts({ table: 'texts', mode: 'replace' }));
    expect(await readCsv(place, server, { table: 'texts', order_by: 'id' })).toBe(texts);
  });

  it('sends INSERTs where the server does not let files be loaded', async () => {
    await using place = await workspace({ 'in/a.csv': texts, 'in/b.csv': `id,name\n${'7,many\n'.repeat(30_000)}` });
    await server.query(
      'SET GLOBAL local_infile = 0; CREATE TABLE inserted (id int, name varchar(60) NULL, b bit(3) DEFAULT 1)',
    );
    try {
      await succeed(place, fromTexts({ table: 'inserted', mode: 'insert', batch_size: 1 }));
      expect(
        await readCsv(place, server, { table: 'inserted', select: 'id, name', where: 'id < 7', order_by: 'id' }),
      ).toBe(texts);
      expect(await server.query('SELECT count(*) FROM inserted WHERE id = 7')).toEqual([['30000']]);
      const all = { v: 'double', b: 'long', x: 'string', t: 'timestamp', d: 'string', n: 'boolean' };
      const row = [1.5, 5, '00ff5c27', '2024-01-01 00:00:00.5', '-1.25', true];
      await server.query(
        'CREATE TABLE literals (v double, b bit(3), x blob, t datetime(1), d decimal(5,1), n varchar(5))',
      );
      await succeed(
        place,
        valuesToTable(server, all, [row, [null, null, null, null, null, null]], { table: 'literals', mode: 'insert' }),
      );
      expect(await server.query('SELECT v, b + 0, hex(x), t, d, n FROM literals')).toEqual([
        ['1.5', '5', '00FF5C27', '2024-01-01 00:00:00.5', '-1.3', 'true'],
        [null, null, null, null, null, null],
      ]);
      const told = await fail(
        place,
        valuesToTable(server, { t: 'string' }, [['2024-01-01'], ['x']], { table: 'literals', mode: 'insert' }),
      );
      for (const part of ['MYSQL_VALUE_REFUSED', 'x', 'record 2', "'t'"]) expect(told).toContain(part);
    } finally {
      await server.query('SET GLOBAL local_infile = 1');
    }
  });

  it('runs SQL before and after the load in its transaction', async () => {
    await using place = await workspace({ 'in/a.csv': '1,x\n' });
    await server.query(`CREATE TABLE hooked (id int PRIMARY KEY, name text); INSERT INTO hooked VALUES (1, 'old')`);
    const output = { table: 'hooked', mode: 'insert', before_load: 'DELETE FROM hooked WHERE id = 1' };
    await succeed(place, csvToTable(server, { ...output, after_load: "UPDATE hooked SET name = concat(name, '!')" }));
    expect(await rowsOf('hooked')).toEqual([['1', 'x!']]);
    expect(await fail(place, csvToTable(server, { ...output, after_load: 'SELECT nothing FROM hooked' }))).toContain(
      'MYSQL_COLUMN_MISSING',
    );
    expect(await rowsOf('hooked')).toEqual([['1', 'x!']]);
    expect(await fail(place, csvToTable(server, { ...output, mode: 'replace' }))).toContain('`before_load`');
  });

  it.each(['merge', 'merge_direct'])(
    '%s goes by keys or by a rule; of rows with the same key the last one counts',
    async (mode) => {
      await using place = await workspace({ 'in/a.csv': '1,a\n1,b\n2,c\n', 'in/b.csv': '2,d\n3,e\n' });
      const table = `rule_${mode}`;
      await server.query(`CREATE TABLE ${table} (id int UNIQUE, name text, n int DEFAULT 1);
      INSERT INTO ${table} (id, name) VALUES (1, 'old'), (4, 'kept')`);
      await succeed(place, csvToTable(server, { table, mode }));
      expect(await rowsOf(table)).toEqual([
        ['1', 'b'],
        ['2', 'd'],
        ['3', 'e'],
        ['4', 'kept'],
      ]);
      const rule = ['name = concat(name, VALUES(name))', 'n = n + 1'];
      await succeed(place, csvToTable(server, { table, mode, merge_rule: rule }));
      expect(await server.query(`SELECT id, name, n FROM ${table} ORDER BY id`)).toEqual([
        ['1', 'bab', '3'],
        ['2', 'dcd', '3'],
        ['3', 'ee', '2'],
        ['4', 'kept', '1'],
      ]);
    },
  );

  it('sets isolation and the database of intermediate tables', async () => {
    await using place = await workspace({ 'in/a.csv': '1,x\n' });
    await server.query('CREATE DATABASE work; CREATE TABLE elsewhere (id int, name text)');
    const output = { table: 'ELSEWHERE', mode: 'insert', temp_database: 'work', transaction_isolation: 'serializable' };
    const told = await succeed(place, csvToTable(server, output));
    expect(told).not.toContain('warn');
    expect(await rowsOf('elsewhere')).toEqual([['1', 'x']]);
    expect(await leftovers()).toEqual([]);
  });

  it.each<[string, string, Readonly<Record<string, string>>, readonly unknown[], string]>([
    ['a number as a boolean', 'boolean', { v: 'long' }, [2], '2'],
    ['a boolean as a number', 'int', { v: 'boolean' }, [true], '1'],
    ['a boolean as a text', 'varchar(5)', { v: 'boolean' }, [false], 'false'],
    ['a double, rounded', 'int', { v: 'double' }, [-2.5], '-3'],
    ['a double as a decimal', 'decimal(5,2)', { v: 'double' }, [1.255], '1.26'],
    ['a small double as a decimal', 'decimal(20,12)', { v: 'double' }, [1e-9], '0.000000001000'],
    ['the smallest long', 'bigint', { v: 'string' }, ['-9223372036854775808'], '-9223372036854775808'],
    ['more than a long', 'bigint unsigned', { v: 'string' }, ['18446744073709551615'], '18446744073709551615'],
    ['zero that is not a new number', 'int AUTO_INCREMENT PRIMARY KEY', { v: 'long' }, [0], '0'],
    ['null that is a new number', 'int AUTO_INCREMENT PRIMARY KEY', { v: 'long' }, [null], '1'],
    ['a text as a date', 'date', { v: 'string' }, ['2024-02-29'], '2024-02-29'],
    ['an instant as a date', 'date', { v: 'timestamp' }, ['2024-07-01 23:00:00.0'], '2024-07-02'],
    ['an instant as a time', 'time(1)', { v: 'timestamp' }, ['2024-07-01 23:00:00.5'], '08:00:00.5'],
    ['a text as a long time', 'time(6)', { v: 'string' }, ['-838:59:59.000001'], '-838:59:59.000001'],
    ['an instant without a zone', 'datetime', { v: 'timestamp' }, ['2024-07-01 23:00:00.5'], '2024-07-02 08:00:01'],
    ['an instant', 'timestamp(6)', { v: 'timestamp' }, ['1970-01-02 23:59:59.999999'], '1970-01-02 23:59:59.999999'],
    ['an instant as a text', 'text', { v: 'timestamp' }, ['2024-07-01 23:00:00.0'], '2024-07-02 08:00:00.000000'],
    ['json', 'json', { v: 'json' }, [{ a: 'x\ty\\' }], '{"a":"x\\ty\\\\"}'],
    ['bits', 'bit(64)', { v: 'string' }, ['18446744073709551615'], String.raw`18446744073709551615`],
    ['an enum', "enum('a','é')", { v: 'string' }, ['é'], 'é'],
    ['a year', 'year', { v: 'long' }, [2155], '2155'],
    ['a text up to its length', 'varchar(3)', { v: 'string' }, ['é😀x'], 'é😀x'],
  ])('writes %s', async (_title, type, columns, row, expected) => {
    await server.query(`SET time_zone = '+00:00'; DROP TABLE IF EXISTS converted; CREATE TABLE converted (v ${type})`);
    const output = { table: 'converted', mode: 'insert', default_timezone: 'Asia/Tokyo' };
    await load(columns, row, output);
    const value = type.startsWith('bit') ? 'v + 0' : 'v';
    expect(await server.query(`SELECT ${value} FROM converted`)).toEqual([[expected]]);
  });

  it.each([
    ['hex', '00fF', '00FF'],
    ['base64', 'AP8=', '00FF'],
    ['text', 'é', 'C3A9'],
  ])('writes bytes that are spelled as %s', async (binary_format, text, expected) => {
    await server.query('DROP TABLE IF EXISTS bytes; CREATE TABLE bytes (v varbinary(2))');
    const output = { table: 'bytes', mode: 'insert', binary_format };
    await load({ v: 'string' }, [text], output);
    expect(await server.query('SELECT hex(v) FROM bytes')).toEqual([[expected]]);
    expect(await refusal({ v: 'string' }, ['xyz'], output)).toMatch(
      binary_format === 'text' ? 'MYSQL_TOO_LONG' : 'MYSQL_BYTES',
    );
  });

  describe('refuses, in intermediate tables and directly', () => {
    beforeAll(async () => {
      await server.query('CREATE TABLE strict (id smallint CHECK (id > 0), name varchar(3) NOT NULL)');
    });

    it.each<[string, string, Readonly<Record<string, string>>, unknown, readonly string[]]>([
      ['a number out of range', 'tinyint', { v: 'long' }, 128, ['MYSQL_RANGE', '128', 'tinyint']],
      ['a negative number', 'int unsigned', { v: 'long' }, -1, ['MYSQL_RANGE', '-1', 'unsigned']],
      ['a text out of range', 'bigint', { v: 'string' }, '9223372036854775808', ['MYSQL_RANGE', '9223372036854775808']],
      ['a text with a fraction', 'int', { v: 'string' }, '1.5', ['MYSQL_NOT_A_NUMBER', '1.5']],
      ['a text that is no number', 'int', { v: 'string' }, '12x', ['MYSQL_NOT_A_NUMBER', '12x']],
      ['a text that is no decimal', 'decimal(5,2)', { v: 'string' }, '1,5', ['MYSQL_NOT_A_NUMBER', '1,5']],
      ['a text that is no double', 'double', { v: 'string' }, '1.5x', ['MYSQL_VALUE_REFUSED', '1.5x']],
      ['a decimal out of range', 'decimal(5,2)', { v: 'double' }, 1000, ['MYSQL_VALUE_REFUSED', '1000']],
      ['a float out of range', 'float', { v: 'double' }, 1e39, ['MYSQL_VALUE_REFUSED', '1.0E39']],
      ['a double that is no whole number of any size', 'int', { v: 'double' }, 1e30, ['MYSQL_RANGE', '1.0E30']],
      ['a text that is too long', 'varchar(3)', { v: 'string' }, 'abcd', ['MYSQL_TOO_LONG', 'abcd']],
      ['blanks that are too many', 'char(3)', { v: 'string' }, 'ab  ', ['MYSQL_TOO_LONG', 'ab  ']],
      ['more bytes than a text has', 'tinytext', { v: 'string' }, 'é'.repeat(128), ['MYSQL_TOO_LONG', 'tinytext']],
      ['bytes that are too many', 'binary(1)', { v: 'string' }, 'ffff', ['MYSQL_TOO_LONG', 'ffff']],
      [
        'characters that the column does not know',
        'text CHARACTER SET latin1',
        { v: 'string' },
        '雪',
        ['MYSQL_VALUE_REFUSED'],
      ],
      ['what is not in an enum', "enum('a')", { v: 'string' }, 'b', ['MYSQL_VALUE_REFUSED', "'b'"]],
      ['what is not in a set', "set('a','b')", { v: 'string' }, 'a,c', ['MYSQL_VALUE_REFUSED', 'a,c']],
      ['bits that are too many', 'bit(3)', { v: 'long' }, 8, ['MYSQL_RANGE', '8']],
      ['a day that is none', 'date', { v: 'string' }, '2024-02-30', ['MYSQL_VALUE_REFUSED', '2024-02-30']],
      ['a day with a time', 'date', { v: 'string' }, '2024-02-28 10:00:00', ['MYSQL_VALUE_REFUSED', '10:00:00']],
      ['a time that is none', 'time', { v: 'string' }, '839:00:00', ['MYSQL_VALUE_REFUSED', '839:00:00']],
      [
        'an instant out of range',
        'timestamp',
        { v: 'timestamp' },
        '2040-01-01 00:00:00.0',
        ['MYSQL_VALUE_REFUSED', '2040'],
      ],
      ['a year out of range', 'year', { v: 'long' }, 1900, ['MYSQL_RANGE', '1900']],
      ['a lone surrogate', 'text', { v: 'string' }, '\ud800', ['MYSQL_TEXT']],
      ['NULL', 'int NOT NULL', { v: 'long' }, null, ['MYSQL_NULL', 'int']],
      ['NULL where it would become the time', 'timestamp NOT NULL', { v: 'timestamp' }, null, ['MYSQL_NULL']],
      ['what is not JSON', 'json', { v: 'string' }, '{x', ['MySQL', 'v']],
      ['a broken check', 'int CHECK (v > 0)', { v: 'long' }, 0, ['MYSQL_CONSTRAINT']],
      ['a key that exists', 'int PRIMARY KEY', { v: 'long' }, 5, ['MYSQL_CONSTRAINT', '5']],
    ])('%s', async (_title, type, columns, value, expected) => {
      await server.query(`DROP TABLE IF EXISTS narrow; CREATE TABLE narrow (v ${type})`);
      const isKey = type.includes('PRIMARY');
      if (isKey) await server.query('INSERT INTO narrow VALUES (5)');
      for (const mode of ['insert', 'insert_direct']) {
        const told = await refusal(columns, [value], { table: 'narrow', mode });
        for (const part of expected) expect(told, mode).toContain(part);
        expect(await server.query('SELECT count(*) FROM narrow'), mode).toEqual([[isKey ? '1' : '0']]);
      }
      expect(await leftovers()).toEqual([]);
    });

    const table = { table: 'strict', mode: 'insert' };
    it.each<[string, Readonly<Record<string, string>>, object, readonly string[]]>([
      ['columns without a counterpart', { id: 'long', nom: 'string' }, table, ['MYSQL_UNMATCHED_COLUMNS', 'nom']],
      ['a column that must have a value', { id: 'long' }, table, ['MYSQL_CONSTRAINT', 'name']],
      ['a conversion that is none', { id: 'timestamp', name: 'string' }, table, ['MYSQL_CONVERSION', 'smallint']],
      ['a merge without keys', { id: 'long', name: 'string' }, { ...table, mode: 'merge' }, ['MYSQL_MERGE_KEYS']],
      ['merge keys', { id: 'long', name: 'string' }, { ...table, mode: 'merge', merge_keys: ['id'] }, ['`merge_keys`']],
      [
        'a faulty type',
        { id: 'long' },
        { table: 'new', mode: 'insert', column_options: { id: { type: 'x y' } } },
        ['MYSQL_STATEMENT'],
      ],
      ['a missing database', { id: 'long' }, { ...table, database: 'nowhere' }, ['MYSQL_DATABASE_MISSING', 'nowhere']],
      ['a wrong password', { id: 'long' }, { ...table, password: 'wrong' }, ['MYSQL_AUTH_FAILED']],
      ['a closed port', { id: 'long' }, { ...table, port: 1 }, ['MYSQL_CONNECTION_REFUSED']],
    ])('%s', async (_title, columns, output, expected) => {
      const told = await refusal(columns, [], { ...output });
      for (const part of expected) expect(told).toContain(part);
      expect(await leftovers()).toEqual([]);
    });

    it('a value in the middle of many rows, by record and value', async () => {
      const rows = Array.from(
        { length: 60_000 },
        (_, index) => `${index},${index === 40_000 ? '9:9:9:9' : '10:00:00'}\n`,
      );
      await using place = await workspace({ 'in/a.csv': rows.join('') });
      await server.query('CREATE TABLE clocks (id int, name time)');
      const told = await fail(place, csvToTable(server, { table: 'clocks', mode: 'insert', batch_size: 65_536 }));
      for (const part of ['MYSQL_VALUE_REFUSED', '9:9:9:9', "'name'", 'record 40001']) expect(told).toContain(part);
      expect(await leftovers()).toEqual([]);
    });

    it('records with such values only, when told to', async () => {
      await using place = await workspace({ 'in/a.csv': '1,abc\n40000,abc\n2,abcd\n3,\n4,d\n' });
      const output = { ...table, invalid_records: 'skip' };
      const told = await succeed(place, csvToTable(server, output));
      for (const part of ['40000', 'abcd', 'MYSQL_NULL', 'record=2']) expect(told).toContain(part);
      expect(await server.query('SELECT * FROM strict')).toEqual([
        ['1', 'abc'],
        ['4', 'd'],
      ]);
    });

    it('tables that others refer to, views, and engines without transactions', async () => {
      await using place = await workspace({ 'in/a.csv': '1,x\n' });
      await server.query(`CREATE TABLE parent (id int PRIMARY KEY, name text);
        CREATE TABLE child (id int, FOREIGN KEY (id) REFERENCES parent (id)); CREATE VIEW seen AS SELECT * FROM parent;
        CREATE TABLE plain (id int, name text) ENGINE=MyISAM`);
      const told = await fail(place, csvToTable(server, { table: 'parent', mode: 'replace' }));
      for (const part of ['MYSQL_REFERENCED', 'child']) expect(told).toContain(part);
      expect(await fail(place, csvToTable(server, { table: 'seen', mode: 'replace' }))).toContain('MYSQL_NO_TABLE');
      expect(await fail(place, csvToTable(server, { table: 'plain', mode: 'insert' }))).toContain('MYSQL_ENGINE');
      await succeed(place, csvToTable(server, { table: 'seen', mode: 'insert' }));
      await succeed(place, csvToTable(server, { table: 'plain', mode: 'insert_direct' }));
      expect(await rowsOf('plain')).toEqual(await rowsOf('parent'));
    });

    it('a table without the right to insert, before a row is read', async () => {
      await using place = await workspace({ 'in/a.csv': '1,x\n' });
      await server.query(`CREATE TABLE guarded (id int, name text); CREATE USER writer@'127.0.0.1' IDENTIFIED BY 'writer';
        GRANT SELECT, CREATE, DROP ON ropeway.* TO writer@'127.0.0.1'`);
      const output = { table: 'guarded', mode: 'insert', user: 'writer', password: 'writer' };
      expect(await fail(place, csvToTable(server, output))).toContain('MYSQL_PRIVILEGE_MISSING');
      expect(await leftovers()).toEqual([]);
    });
  });
});
