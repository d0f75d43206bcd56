/** Texts of workbooks: plain, or in parts with formats of their own, which do not matter here. */
import type { XmlHandler } from '#codec/xml/xml-parser.ts';
import { localName } from './package-part.ts';

/** Collects the text of an item: all its `t`, but for those that say how it is pronounced (`rPh`). */
export class ItemText {
  text = '';
  #isText = false;
  #phonetic = 0;

  begin(): void {
    this.text = '';
    this.#isText = false;
    this.#phonetic = 0;
  }

  open(name: string): void {
    if (name === 'rPh') this.#phonetic += 1;
    else if (name === 't') this.#isText = this.#phonetic === 0;
  }

  add(text: string): void {
    if (this.#isText) this.text += text;
  }

  close(name: string): void {
    if (name === 'rPh') this.#phonetic -= 1;
    else if (name === 't') this.#isText = false;
  }
}

const escaped = /_x([0-9A-Fa-f]{4})_/g;

/** Characters that XML cannot hold are written as `_x000D_`. */
export function unescapedText(text: string): string {
  if (!text.includes('_x')) return text;
  return text.replace(escaped, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** Hands on the texts of the table of shared strings, in their order. */
export function sharedStringsHandler(add: (text: string) => void): XmlHandler {
  const item = new ItemText();
  let isInItem = false;
  return {
    open(name) {
      const local = localName(name);
      if (local === 'si') {
        isInItem = true;
        item.begin();
      } else if (isInItem) {
        item.open(local);
      }
    },
    text: (text) => item.add(text),
    close(name) {
      const local = localName(name);
      if (local !== 'si') {
        item.close(local);
        return;
      }
      isInItem = false;
      add(unescapedText(item.text));
    },
  };
}
