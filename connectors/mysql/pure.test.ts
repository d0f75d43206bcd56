/** What needs no server: rounding, ranges, names, and rows as LOAD DATA and INSERT have them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchBuilder } from '#spi/batch-builder.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { ColumnType } from '#spi/schema.ts';
import { replacePlaceholders } from '#connectors/sql/read-options.ts';
import { roundDecimal } from './decimal.ts';
import { insertLiterals, loadSql, loadText } from './dialect.ts';
import type { Dialect } from './dialect.ts';
import { opaque } from './incremental.ts';
import { names } from './intermediate.ts';
import { bordersOf } from './key-ranges.ts';
import { RowWriter } from './row-writer.ts';
import { quoteName, quoteText } from './sql.ts';
import type { TargetColumn } from './target-columns.ts';

describe('roundDecimal()', () => {
  it.each([
    ['1.005', 2, '1.01'],
    ['-1.005', 2, '-1.01'],
    ['1.004999', 2, '1.00'],
    ['.5', 0, '1'],
    ['0.5E0', 0, '1'],
    ['1.5E3', 1, '1500.0'],
    ['1E-7', 3, '0.000'],
    ['-9.995E-1', 3, '-1.000'],
    ['99999999999999999999.995', 2, '100000000000000000000.00'],
    ['+007', 2, '007'],
    ['12.5', 3, '12.5'],
  ])('%s with %i digits is %s', (text, scale, expected) => {
    expect(roundDecimal(text, scale)).toBe(expected);
  });

  it.each(['', '-', '.', 'x', '1,5', '1.2.3', '0x10', 'NaN', '1e', '1e99999'])('%j is none', (text) => {
    expect(roundDecimal(text, 2)).toBeUndefined();
  });

  it('is within half a unit of the last digit', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 });
    fc.assert(
      fc.property(number, fc.nat(6), (value, scale) => {
        const rounded = Number(roundDecimal(value.toExponential(), scale));
        expect(Math.abs(rounded - value)).toBeLessThanOrEqual(0.5000001 * 10 ** -scale + Math.abs(value) * 1e-15);
      }),
    );
  });
});

describe('bordersOf()', () => {
  it('cuts every range into parts that hold each number once', () => {
    const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(long, long, fc.integer({ min: 1, max: 64 }), (one, other, parts) => {
        const [first, last] = one < other ? [one, other] : [other, one];
        const borders = bordersOf(first, last, parts);
        expect(borders.length).toBeLessThan(parts);
        for (const [index, border] of borders.entries()) {
          expect(border > (borders[index - 1] ?? first) && border <= last).toBe(true);
        }
      }),
    );
  });
});

describe('names', () => {
  it('fit, begin with the table, and tell the run and the purpose', () => {
    const table = fc.string({ minLength: 1, maxLength: 64, unit: 'binary' });
    const run = fc.stringMatching(/^[0-9a-z]{9}[0-9a-f]{8}$/);
    const purpose = fc.oneof(fc.nat(999_999).map(String), fc.constantFrom('done', 'old', 'trial', 'fresh'));
    fc.assert(
      fc.property(table, run, purpose, (name, id, what) => {
        const made = names.name(name, id, what);
        expect(made.length).toBeLessThanOrEqual(64);
        expect(made.isWellFormed()).toBe(true);
        expect(names.parse(name, made)).toEqual({ run: id, purpose: what });
      }),
    );
    expect(names.parse('orders', 'orders_backup')).toBeUndefined();
    expect(names.parse('orders', 'orders_0m1abcdefab12cd34_embulk_0')).toBeUndefined();
  });
});

describe('quoteName() and quoteText()', () => {
  it.each([
    ['a`b', '`a``b`', "'a`b'"],
    ["it's", "`it's`", "'it''s'"],
    ['a\\b', '`a\\b`', 'CONVERT(0x615c62 USING utf8mb4)'],
  ])('%s', (text, name, literal) => {
    expect([quoteName(text), quoteText(text)]).toEqual([name, literal]);
  });
});

describe('replacePlaceholders()', () => {
  it.each([
    ["a > :a AND b = ':a' AND c = :ab", "a > 1 AND b = ':a' AND c = 2"],
    ['`:a` = :a -- :a\n# :a\n/* :a */ :a', '`:a` = 1 -- :a\n# :a\n/* :a */ 1'],
    ["\"\\\":a\" = :a AND '''' = :abc", "\"\\\":a\" = 1 AND '''' = :abc"],
  ])('%s', (query, expected) => {
    const values = new Map([
      ['a', '1'],
      ['ab', '2'],
    ]);
    expect(replacePlaceholders(query, values, opaque).sql).toBe(expected);
  });
});

function column(typeName: string, kind: TargetColumn['kind'], more: Partial<TargetColumn> = {}): TargetColumn {
  return {
    name: 'v',
    source: 0,
    sqlType: typeName,
    typeName,
    kind,
    isUnsigned: false,
    isMandatory: false,
    lengthMax: 0,
    scale: 0,
    format: '%Y',
    timezone: 'UTC',
    binaryFormat: 'hex',
    ...more,
  };
}

/** What is sent for values of one column. */
function written(dialect: Dialect, target: TargetColumn, type: ColumnType, values: readonly (string | null)[]): string {
  const schema = { columns: [{ name: 'v', type }] };
  const builder = new BatchBuilder(schema);
  for (const value of values) {
    if (value !== null) builder.setString(0, value);
    builder.endRow();
  }
  const ctx = { reject: (): void => {} };
  const writer = new RowWriter({ schema, columns: [target], dialect, skipsInvalid: true, ctx }, new ByteSink(16));
  const batch = builder.take();
  if (batch !== undefined) writer.write(batch);
  return Buffer.from(writer.sink.view()).toString('utf8');
}

describe('RowWriter', () => {
  const text = column('varchar', 'text', { lengthMax: 1000 });

  it('writes texts that LOAD DATA reads back: fields end with tabs, rows with newlines, backslashes escape', () => {
    const letters: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', 0: '\0', Z: '\x1a' };
    const unescaped = (field: string): string | null =>
      field === '\\N' ? null : field.replace(/\\([^])/g, (_, letter: string) => letters[letter] ?? letter);
    const value = fc.option(
      fc.string({ unit: fc.constantFrom('\\', '\t', '\n', '\r', '\0', 'N', 'é', '😀', "'", '\x1a') }),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), (values) => {
        const sent = written(loadText, text, 'string', values);
        expect(sent.split('\n').slice(0, -1).map(unescaped)).toEqual(values);
      }),
    );
  });

  it('writes literals of INSERT', () => {
    expect(written(insertLiterals, text, 'string', ["it's", null, '\\'])).toBe("('it\\'s'),(NULL),('\\\\'),");
    const binary = column('blob', 'binary', { lengthMax: 10 });
    expect(written(insertLiterals, binary, 'string', ['00ff', ''])).toBe("(x'00ff'),(x''),");
    expect(written(insertLiterals, column('bit', 'bit', { lengthMax: 3 }), 'string', ['7', '8'])).toBe('(7),');
  });

  it('leaves out rows that do not fit, and goes on behind them', () => {
    const narrow = column('varchar', 'text', { lengthMax: 2 });
    expect(written(loadText, narrow, 'string', ['ab', 'abc', 'é😀', '\ud800', ''])).toBe('ab\né😀\n\n');
    const small = column('tinyint', 'integer', { isMandatory: true });
    expect(written(loadText, small, 'string', ['-128', '128', null, '+7', '1.0'])).toBe('-128\n7\n');
    expect(written(loadText, column('year', 'integer'), 'string', ['0', '1900', '1901'])).toBe('0000\n1901\n');
  });
});

describe('loadSql()', () => {
  it('converts what LOAD DATA would take for texts', () => {
    const columns = [column('int', 'integer'), { ...column('bit', 'bit'), name: 'b`' }, column('blob', 'binary')];
    expect(loadSql(loadText, '`t`', columns)).toBe(
      "LOAD DATA LOCAL INFILE 'ropeway' INTO TABLE `t` CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\\t' " +
        "ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' (`v`, @c1, @c2) " +
        'SET `b``` = CAST(@c1 AS UNSIGNED), `v` = UNHEX(@c2)',
    );
  });
});
