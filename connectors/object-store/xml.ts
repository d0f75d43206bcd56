/** The few documents of S3's API, and of those that are like it. */
import type { Part } from './store.ts';

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

/** A time that cannot be read is now: nothing is taken for old. */
export function timeOf(text: string | undefined): number {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? Date.now() : time;
}

/** Where the next page of a list begins; undefined when there is none. `names`: parameters, by what the list calls them. */
export function nextPage(text: string, names: Readonly<Record<string, string>>): Record<string, string> | undefined {
  if (elementOf(text, 'IsTruncated') !== 'true') return undefined;
  return Object.fromEntries(Object.entries(names).map(([name, element]) => [name, elementOf(text, element) ?? '']));
}

/** What is asked for to put the parts together. */
export function completionXml(parts: readonly Part[]): string {
  const part = ({ number, etag }: Part): string =>
    `<Part><PartNumber>${number}</PartNumber><ETag>${escaped(etag)}</ETag></Part>`;
  const names = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
  return `<CompleteMultipartUpload ${names}>${parts.map(part).join('')}</CompleteMultipartUpload>`;
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
