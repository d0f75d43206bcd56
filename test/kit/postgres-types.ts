/** What PostgreSQL's types can hold. */

/** A table of every type, at the ends of its range and with what is special to it; and an empty one like it. */
export const everyType: string = `
CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"');
CREATE DOMAIN positive AS int4 CHECK (value > 0);
CREATE TABLE "Torture ""t" (
  i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, n2 numeric(10, 3), b bool,
  t text, v varchar(20), c char(5), u uuid, ip inet, e mood, x xml, iv interval, r int4range,
  j json, jb jsonb, ia int[], ta text[], d date, tm time, ts timestamp, tz timestamptz,
  by bytea, bi bit(5), vb varbit, m money, p positive, "Quoted ""col" text, ttz timetz);
INSERT INTO "Torture ""t" VALUES
  (-32768, -2147483648, -9223372036854775808, -3.4028235e38, -1.7976931348623157e308,
   -99999999999999999999.000000000000000001, -1234567.891, false, '', '', '', '00000000-0000-0000-0000-000000000000',
   '::1/128', 'sad', '<a>é</a>', '-178000000 years', 'empty', '{"a":1}', '{"b":[1,null]}', '{}', '{}',
   '4713-01-01 BC', '00:00', '4713-01-01 00:00:00 BC', '4713-01-01 00:00:00+00 BC', '\\x', B'00000', B'', -12.34, 1,
   'tab\\there', '00:00:00-15:59'),
  (32767, 2147483647, 9223372036854775807, 3.4028235e38, 1.7976931348623157e308, 1e100, 9999999.999, true,
   E'tab\\t newline\\n return\\r backslash\\\\ quote\\' "\\b\\f\\v \\\\N \\\\.', '日本語😀', 'ab',
   'ffffffff-ffff-ffff-ffff-ffffffffffff', '10.0.0.0/8', 'it''s "ok"', '<b/>', '178000000 years 1.000001 seconds',
   '[1,10)', '"\\u00e9 \\" \\\\"', '{"z":1.50}', '{{1,2},{NULL,4}}', ARRAY['a"b', NULL, 'c,d', E'\\\\'],
   '293000-12-31', '24:00', '293000-12-31 23:59:59.999999', '293000-12-31 23:59:59.999999+00',
   '\\x00ff5c090a', B'11111', B'10101', 92233720368547758.07, 2147483647, E'\\\\N', '23:59:59.999999+15:59'),
  (0, 0, 0, 1e-45, 5e-324, 0.1, 0, NULL, '\\N', 'N', '     ', NULL, NULL, NULL, NULL, '1 day', '(,)', 'null', 'null',
   ARRAY[1, NULL], ARRAY[''], '1970-01-01', '12:34:56.789', '1969-12-31 23:59:59.999999', '2024-02-29 12:00:00.5+09',
   NULL, NULL, NULL, NULL, NULL, '', NULL),
  (1, 1, 1, 'NaN', 'Infinity', 'NaN', 1, true, 'x', 'x', 'x', NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', NULL, NULL,
   '0001-01-01', NULL, '0001-12-31 BC', '1582-10-15', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (NULL, NULL, NULL, '-Infinity', '-NaN', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE copied (LIKE "Torture ""t");`;
