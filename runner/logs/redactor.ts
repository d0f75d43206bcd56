/** Takes secrets out of what is shown: the values that are known, in every form that they may turn up in, and what looks like one. */

export const MASK = '***';
/** Shorter ones would be found in any text. */
const SECRET_LENGTH_MIN = 4;
/** A piece of base64 that is shorter may stand for anything. */
const BASE64_LENGTH_MIN = 8;
/** Where a text begins to look like a secret: its first characters are looked up. */
const START_LENGTH = 4;

/** `password=…`, `"token": "…"`, `Authorization: Bearer …`, `https://user:…@host`. */
const LOOKS_SECRET =
  /((?:pass(?:word|wd|phrase)?|secret(?:_?(?:access_?)?key)?|api_?key|access_?token|token|authorization)["']?\s{0,4}[:=]\s{0,4}["']?(?:(?:bearer|basic)\s{1,4})?)([^\s"',;&]{4,})|(:\/\/[^\s:/@]{0,200}:)([^\s/@]{1,500})(?=@)/gi;
/** What every match of it has. */
const LOOKS_SECRET_HINT = /[:=]/;

export class Redactor {
  readonly #byStart = new Map<string, string[]>();
  /** Whether any form begins with two such characters: most places are passed by this alone. */
  readonly #begins = new Uint8Array(65_536);

  constructor(secrets: readonly unknown[] = []) {
    for (const secret of secrets) this.add(secret);
  }

  /** A text, a number, or anything that holds some. */
  add(secret: unknown): void {
    if (typeof secret === 'string' || typeof secret === 'number') {
      for (const form of formsOf(String(secret))) this.#addForm(form);
    } else if (typeof secret === 'object' && secret !== null) {
      for (const member of Object.values(secret)) this.add(member);
    }
  }

  redact(text: string): string {
    const known = this.#byStart.size === 0 ? text : this.#withoutKnown(text);
    if (!LOOKS_SECRET_HINT.test(known)) return known;
    return known.replace(LOOKS_SECRET, (_, name: string | undefined, value: string, url: string | undefined) =>
      value === MASK ? `${name}${value}` : `${name ?? url}${MASK}`,
    );
  }

  /** The same for every text in a value. */
  redactAll<T>(value: T): T {
    // The shape stays as it is: texts are replaced by texts.
    if (typeof value === 'string') return this.redact(value) as T;
    if (Array.isArray(value)) return value.map((item: unknown) => this.redactAll(item)) as T;
    if (typeof value !== 'object' || value === null) return value;
    const members = Object.entries(value).map(([key, member]) => [this.redact(key), this.redactAll(member)]);
    return Object.fromEntries(members) as T;
  }

  #withoutKnown(text: string): string {
    let clean = '';
    let from = 0;
    const last = text.length - START_LENGTH;
    for (let at = 0; at <= last; at += 1) {
      if (this.#begins[hash(text.charCodeAt(at), text.charCodeAt(at + 1))] === 0) continue;
      const form = this.#byStart.get(text.slice(at, at + START_LENGTH))?.find((each) => text.startsWith(each, at));
      if (form === undefined) continue;
      clean += text.slice(from, at) + MASK;
      from = at + form.length;
      at = from - 1;
    }
    return from === 0 ? text : clean + text.slice(from);
  }

  #addForm(form: string): void {
    const start = form.slice(0, START_LENGTH);
    const forms = this.#byStart.get(start) ?? [];
    if (forms.includes(form)) return;
    forms.push(form);
    // The longest first: one secret may be the beginning of another.
    forms.sort((a, b) => b.length - a.length);
    this.#byStart.set(start, forms);
    this.#begins[hash(form.charCodeAt(0), form.charCodeAt(1))] = 1;
  }
}

function hash(first: number, second: number): number {
  return (first * 257 + second) & 0xffff;
}

/** As it is, line by line, as JSON and URLs have it, and as base64 has it wherever it stands in what is encoded. */
function formsOf(secret: string): readonly string[] {
  const plain = [secret, ...secret.split(/\r?\n/)].filter((text) => !text.startsWith('-----') || text === secret);
  const forms = plain.flatMap((text) => [text, JSON.stringify(text).slice(1, -1), ...urlForms(text)]);
  return [...forms.filter((form) => form.length >= SECRET_LENGTH_MIN), ...base64Forms(secret)];
}

function urlForms(text: string): readonly string[] {
  if (!text.isWellFormed()) return [];
  const encoded = encodeURIComponent(text);
  const strict = encoded.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams([['', text]]).toString().slice(1);
  return [encoded, strict, form, encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())];
}

/** Three bytes become four characters: the same bytes look different at each of three places. */
function base64Forms(secret: string): readonly string[] {
  if (secret.length < SECRET_LENGTH_MIN) return [];
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
    // Characters at the edges hold bits of the neighbours too.
    const [from, to] = [Math.ceil((offset * 8) / 6), Math.floor((padded.length * 8) / 6)];
    const text = padded.toString('base64').slice(from, to);
    if (text.length < BASE64_LENGTH_MIN) return [];
    return [text, text.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
