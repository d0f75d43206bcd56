/** How values are spelled: in the text of LOAD DATA, and as literals of INSERT. */
import type { ByteSink } from '#spi/byte-sink.ts';
import { columnList } from './target-columns.ts';
import type { TargetColumn } from './target-columns.ts';
import { quoteName } from './sql.ts';

export interface Dialect {
  readonly name: 'load' | 'insert';
  readonly rowStart: string;
  readonly separator: string;
  readonly rowEnd: string;
  readonly nullText: string;
  /** Around texts. */
  readonly quote: string;
  /** In front of bytes in hexadecimal. */
  readonly hexMark: string;
  /** The letter behind a backslash by byte; 0 for bytes that stand for themselves. */
  readonly letters: Uint8Array;
}

function lettersOf(escapes: Readonly<Record<string, string>>): Uint8Array {
  const letters = new Uint8Array(256);
  for (const [character, letter] of Object.entries(escapes)) {
    letters[character.charCodeAt(0)] = letter.charCodeAt(0);
  }
  return letters;
}

export const loadText: Dialect = {
  name: 'load',
  rowStart: '',
  separator: '\t',
  rowEnd: '\n',
  nullText: '\\N',
  quote: '',
  hexMark: '',
  letters: lettersOf({ '\\': '\\', '\t': 't', '\n': 'n', '\r': 'r', '\0': '0', '\x1a': 'Z' }),
};

export const insertLiterals: Dialect = {
  name: 'insert',
  rowStart: '(',
  separator: ',',
  rowEnd: '),',
  nullText: 'NULL',
  quote: "'",
  hexMark: "x'",
  letters: lettersOf({ '\\': '\\', "'": "'", '\0': '0', '\x1a': 'Z' }),
};

/** The statement that rows of the dialect belong to, up to where INSERT has them. */
export function loadSql(dialect: Dialect, table: string, columns: readonly TargetColumn[]): string {
  if (dialect.name === 'insert') return `INSERT INTO ${table} (${columnList(columns)}) VALUES `;
  const conversions = columns.flatMap((column, index) => {
    const conversion = conversionOf(column, `@c${index}`);
    return conversion === undefined ? [] : [`${quoteName(column.name)} = ${conversion}`];
  });
  const places = columns.map((column, index) =>
    conversionOf(column, '') === undefined ? quoteName(column.name) : `@c${index}`,
  );
  return (
    `LOAD DATA LOCAL INFILE 'ropeway' INTO TABLE ${table} CHARACTER SET utf8mb4 ` +
    `FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' (${places.join(', ')})` +
    (conversions.length === 0 ? '' : ` SET ${conversions.join(', ')}`)
  );
}

/** LOAD DATA takes texts only: bytes come in hexadecimal, and bits as numbers. */
function conversionOf({ kind }: TargetColumn, variable: string): string | undefined {
  if (kind === 'binary') return `UNHEX(${variable})`;
  return kind === 'bit' ? `CAST(${variable} AS UNSIGNED)` : undefined;
}

export function writeEscaped(
  sink: ByteSink,
  { letters }: Dialect,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  // Every byte takes two at most.
  sink.reserve((end - start) * 2);
  const target = sink.bytes;
  let to = sink.length;
  for (let at = start; at < end; at++) {
    const byte = source[at] as number; // bounded by the loop
    const letter = letters[byte] as number;
    if (letter === 0) target[to++] = byte;
    else {
      target[to++] = 0x5c;
      target[to++] = letter;
    }
  }
  sink.length = to;
}
