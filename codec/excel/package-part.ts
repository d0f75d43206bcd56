/** Parts of a workbook: XML files in a zip archive, which name each other. */
import type { Bytes } from '#spi/files.ts';
import { zipEntryBytes, zipMeter } from '#codec/archive/zip.ts';
import { readZipDirectory } from '#codec/archive/zip-directory.ts';
import type { ArchiveSource, ZipEntry } from '#codec/archive/zip-directory.ts';
import { XmlParser } from '#codec/xml/xml-parser.ts';
import type { XmlAttribute, XmlHandler } from '#codec/xml/xml-parser.ts';
import { xmlText } from '#codec/xml/xml-text.ts';
import { excelErrors } from './errors.ts';

/** How many times its own size a workbook may become: sheets are XML, which packs well. */
const RATIO_MAX = 1000;
/** Text is handed to the parser in slices, so that few rows come at once. */
const SLICE_CHARACTERS = 16 * 1024;
/** The first bytes of what .xls files and encrypted workbooks are. */
const OLE_MAGIC = 'd0cf11e0a1b11ae1';

export class WorkbookPackage {
  readonly #source: ArchiveSource;
  readonly #entries: ReadonlyMap<string, ZipEntry>;
  readonly #meter: ReturnType<typeof zipMeter>;

  private constructor(source: ArchiveSource, entries: readonly ZipEntry[]) {
    this.#source = source;
    // Names of parts are compared without regard to case.
    this.#entries = new Map(entries.map((entry) => [Buffer.from(entry.name).toString('utf8').toLowerCase(), entry]));
    this.#meter = zipMeter(source, RATIO_MAX);
  }

  static async open(source: ArchiveSource): Promise<WorkbookPackage> {
    const head = Buffer.from(await source.read(0, Math.min(8, source.sizeBytes)));
    if (head.toString('hex') === OLE_MAGIC) throw excelErrors.error('EXCEL_OLD_OR_ENCRYPTED');
    const entries = await readZipDirectory(source);
    if (entries !== undefined) return new WorkbookPackage(source, entries);
    if (head.toString('latin1', 0, 2) !== 'PK') throw excelErrors.error('EXCEL_NOT_THIS');
    throw excelErrors.error('EXCEL_DAMAGED', { reason: 'it was cut off' });
  }

  has(path: string): boolean {
    return this.#entries.has(path.toLowerCase());
  }

  bytes(path: string): Bytes {
    const entry = this.#entries.get(path.toLowerCase());
    if (entry === undefined) throw excelErrors.error('EXCEL_DAMAGED', { reason: `it has no ${path}` });
    return zipEntryBytes(this.#source, entry, path, this.#meter);
  }

  /** Reads a part through a handler; something is given after every slice, so that what it makes can be taken. */
  async *parse(path: string, handler: XmlHandler): AsyncGenerator<void> {
    const parser = new XmlParser(handler, { hasNamespaces: false });
    for await (const text of xmlText(this.bytes(path), undefined)) {
      for (let at = 0; at < text.length; at += SLICE_CHARACTERS) {
        parser.write(text.slice(at, at + SLICE_CHARACTERS));
        yield;
      }
    }
    parser.close();
  }

  /** Reads a part whose elements are all that matters. */
  async elements(path: string, visit: (name: string, attributes: readonly XmlAttribute[]) => void): Promise<void> {
    const handler: XmlHandler = {
      open: (name, attributes) => visit(localName(name), attributes),
      text: () => {},
      close: () => {},
    };
    for await (const _slice of this.parse(path, handler)) continue;
  }
}

/** The name without its prefix: workbooks use whatever prefixes they like, and their names do not collide. */
export function localName(name: string): string {
  const colon = name.indexOf(':');
  return colon < 0 ? name : name.slice(colon + 1);
}

export function attribute(attributes: readonly XmlAttribute[], wanted: string): string | undefined {
  for (const { name, value } of attributes) if (name === wanted || localName(name) === wanted) return value;
  return undefined;
}
