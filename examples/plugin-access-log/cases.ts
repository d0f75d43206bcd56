/** How `ropeway plugins check` tries the plugin. */
import type { ConformanceCase } from 'ropeway/spi/conformance.js';

const combined = `127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif?x=1 HTTP/1.0" 200 2326 "http://example.com/" "Mozilla/4.08"
::1 - - [28/Feb/2026:23:59:60 +0900] "GET / HTTP/1.1" 200 5 "-" "a second that no clock here knows"
not a line of a log

::1 - - [01/Mar/2026:00:00:00 +0900] "\\x16\\x03\\"" 400 - "-" "é😀"
`;

export const cases: readonly ConformanceCase[] = [
  { kind: 'parser', name: 'access_log', config: {}, sample: combined, records: 2, rejected: 2 },
  {
    kind: 'parser',
    name: 'access_log',
    config: { format: 'common' },
    sample: '127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 304 -',
    records: 1,
    rejected: 0,
  },
];
