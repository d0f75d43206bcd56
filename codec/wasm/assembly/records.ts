// The module of records: text to columns, columns to text.
export { parseCsv } from './csv-parse';
