/** The few documents of the store's XML API. */
import type { Part } from '#connectors/object-store/store.ts';

/** The content of the first element of the name. */
export function elementOf(text: string, name: string): string | undefined {
  const content = new RegExp(`<${name}(?:\\s[^>]*)?>([^]*?)</${name}>`).exec(text)?.[1];
  return content === undefined ? undefined : unescaped(content);
}

/** The contents of all elements of the name. */
export function elementsOf(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([^]*?)</${name}>`, 'g'))].map(
    ([, content = '']) => content,
  );
}

/** What is asked for to put the parts together. */
export function completionXml(parts: readonly Part[]): string {
  const part = ({ number, etag }: Part): string =>
    `<Part><PartNumber>${number}</PartNumber><ETag>${escaped(etag)}</ETag></Part>`;
  return `<CompleteMultipartUpload>${parts.map(part).join('')}</CompleteMultipartUpload>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));/gi,
    (whole, decimal?: string, hex?: string, name = '') => {
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      return Number.isNaN(code) || code > 0x10_ff_ff ? (entities[String(name)] ?? whole) : String.fromCodePoint(code);
    },
  );
}
