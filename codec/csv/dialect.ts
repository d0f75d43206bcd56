/** How a CSV text is written. */
export interface CsvDialect {
  /** One or more characters. */
  readonly delimiter: string;
  /** One character, or null when nothing quotes. */
  readonly quote: string | null;
  /** One character, or null when nothing escapes. */
  readonly escape: string | null;
  /** What a line break inside quotes becomes. */
  readonly newline: string;
  readonly trimIfNotQuoted: boolean;
  /** A quote inside a quoted field closes it only before a delimiter or the end of the line. */
  readonly strayQuotes: boolean;
  /** UTF-16 units of a quoted field at most. */
  readonly maxQuotedSizeLimit: number;
  readonly commentLineMarker: string | null;
  /** The only line break, or null when CR LF, LF and CR all are. */
  readonly lineDelimiterRecognized: 'CRLF' | 'LF' | 'CR' | null;
}

export const defaultDialect: CsvDialect = {
  delimiter: ',',
  quote: '"',
  escape: '\\',
  newline: '\r\n',
  trimIfNotQuoted: false,
  strayQuotes: false,
  maxQuotedSizeLimit: 131_072,
  commentLineMarker: null,
  lineDelimiterRecognized: null,
};
