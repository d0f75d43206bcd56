// The module of records: text to columns, columns to text.
export { parseCsv } from './csv-parse';
export { writeCsv } from './write-csv';
export { writeJson } from './write-json';
