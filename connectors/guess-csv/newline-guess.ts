/** Counts line breaks in raw bytes. */
export function guessNewline(sample: Uint8Array): 'CRLF' | 'CR' | 'LF' {
  let cr = 0;
  let lf = 0;
  let crlf = 0;
  for (let at = 0; at < sample.length; at++) {
    if (sample[at] === 0x0d) {
      cr += 1;
      if (sample[at + 1] === 0x0a) crlf += 1;
    } else if (sample[at] === 0x0a) lf += 1;
  }
  if (crlf > Math.floor(cr / 2) && crlf > Math.floor(lf / 2)) return 'CRLF';
  return cr > Math.floor(lf / 2) ? 'CR' : 'LF';
}
