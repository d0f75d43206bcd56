/** The header Link (RFC 8288), as far as it tells of the next page. */

/** The address with the relation `next`. */
export function nextLink(header: string): string | undefined {
  // A target in angle brackets, and parameters up to the comma that is outside of quotes.
  for (const [, target, params = ''] of header.matchAll(/<([^>]*)>((?:[^,"<]|"(?:[^"\\]|\\.)*")*)/g)) {
    const relation = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(params);
    const relations = (relation?.[1] ?? relation?.[2] ?? '').toLowerCase().split(/\s+/);
    if (relations.includes('next')) return target;
  }
  return undefined;
}
