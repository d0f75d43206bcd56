/** The newline names of configs and the characters they stand for. Apart from the options: whoever runs needs no zod. */
export const newlines: Readonly<Record<'CRLF' | 'LF' | 'CR', string>> = { CRLF: '\r\n', LF: '\n', CR: '\r' };
