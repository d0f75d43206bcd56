/** Charsets by the names and aliases that Java accepts. */

export type CharsetFamily =
  | { readonly kind: 'utf-8' }
  | { readonly kind: 'utf-16' | 'utf-32'; readonly order: 'big' | 'little' | 'mark' }
  | { readonly kind: 'single'; readonly name: string }
  | { readonly kind: 'double'; readonly name: string }
  /** Stateful or four-byte charsets, left to the platform's decoder. */
  | { readonly kind: 'platform'; readonly label: string };

const double: Readonly<Record<string, string>> = {
  Shift_JIS: 'sjis shift-jis shiftjis x-sjis ms_kanji csshiftjis',
  MS932: 'windows-31j windows-932 cswindows31j cp932 x-ms932',
  'EUC-JP': 'euc_jp eucjis eucjp x-euc-jp x-eucjp cseucpkdfmtjapanese',
  'EUC-KR': 'euc_kr euckr ksc5601 ks_c_5601-1987 ksc_5601 5601 cseuckr ksc5601-1987 ksc5601_1987',
  GBK: 'cp936 windows-936 gb2312 euc_cn euccn x-euc-cn gb2312-80',
  Big5: 'big5-0 csbig5',
};

const single: Readonly<Record<string, string>> = {
  'US-ASCII': 'ascii ascii7 iso646-us us iso-646.irv:1991 ansi_x3.4-1968 cp367 ibm367 646 csascii',
  'ISO-8859-1': 'latin1 l1 iso8859-1 iso8859_1 8859_1 iso_8859-1 iso_8859_1 cp819 ibm819 csisolatin1 iso-ir-100',
  'ISO-8859-2': 'latin2 l2 iso8859-2 iso8859_2 8859_2 iso_8859-2',
  'ISO-8859-3': 'latin3 l3 iso8859-3 iso8859_3 8859_3 iso_8859-3',
  'ISO-8859-4': 'latin4 l4 iso8859-4 iso8859_4 8859_4 iso_8859-4',
  'ISO-8859-5': 'cyrillic iso8859-5 iso8859_5 8859_5 iso_8859-5',
  'ISO-8859-6': 'arabic iso8859-6 iso8859_6 8859_6 iso_8859-6',
  'ISO-8859-7': 'greek greek8 iso8859-7 iso8859_7 8859_7 iso_8859-7',
  'ISO-8859-8': 'hebrew iso8859-8 iso8859_8 8859_8 iso_8859-8 iso-8859-8-i',
  'ISO-8859-9': 'latin5 l5 iso8859-9 iso8859_9 8859_9 iso_8859-9',
  'ISO-8859-10': 'latin6 l6 iso8859-10 iso8859_10',
  'ISO-8859-13': 'iso8859-13 iso8859_13 8859_13',
  'ISO-8859-14': 'iso8859-14 iso8859_14',
  'ISO-8859-15': 'latin9 latin-9 l9 iso8859-15 iso8859_15 8859_15 iso_8859-15',
  'ISO-8859-16': 'latin10 l10 iso8859-16 iso8859_16',
  'windows-874': 'x-windows-874 ms874 ms-874 tis-620',
  'windows-1250': 'cp1250 cp5346',
  'windows-1251': 'cp1251 cp5347 ansi-1251',
  'windows-1252': 'cp1252 cp5348 ibm-1252',
  'windows-1253': 'cp1253 cp5349',
  'windows-1254': 'cp1254 cp5350',
  'windows-1255': 'cp1255',
  'windows-1256': 'cp1256',
  'windows-1257': 'cp1257 cp5353',
  'windows-1258': 'cp1258',
  'KOI8-R': 'koi8 koi8_r cskoi8r',
  'KOI8-U': 'koi8_u',
  IBM866: 'cp866 866 csibm866 ibm-866',
};

const families = new Map<string, CharsetFamily>();

function add(family: CharsetFamily, ...names: readonly string[]): void {
  for (const name of names) families.set(name.toLowerCase(), family);
}

add({ kind: 'utf-8' }, 'UTF-8', 'UTF8', 'unicode-1-1-utf-8');
add({ kind: 'utf-16', order: 'mark' }, 'UTF-16', 'UTF16', 'UTF_16', 'unicode', 'UnicodeBig');
add({ kind: 'utf-16', order: 'big' }, 'UTF-16BE', 'UTF_16BE', 'X-UTF-16BE', 'UnicodeBigUnmarked', 'ISO-10646-UCS-2');
add({ kind: 'utf-16', order: 'little' }, 'UTF-16LE', 'UTF_16LE', 'X-UTF-16LE', 'UnicodeLittleUnmarked');
add({ kind: 'utf-32', order: 'mark' }, 'UTF-32', 'UTF32', 'UTF_32', 'ISO-10646-UCS-4');
add({ kind: 'utf-32', order: 'big' }, 'UTF-32BE', 'UTF_32BE', 'X-UTF-32BE');
add({ kind: 'utf-32', order: 'little' }, 'UTF-32LE', 'UTF_32LE', 'X-UTF-32LE');
add({ kind: 'platform', label: 'iso-2022-jp' }, 'ISO-2022-JP', 'iso2022jp', 'jis', 'csISO2022JP', 'jis_encoding');
add({ kind: 'platform', label: 'gb18030' }, 'GB18030', 'gb18030-2000');
for (const [name, aliases] of Object.entries(double)) add({ kind: 'double', name }, name, ...aliases.split(' '));
for (const [name, aliases] of Object.entries(single)) add({ kind: 'single', name }, name, ...aliases.split(' '));

/** The charset of that name, whatever its case; undefined when there is none. */
export function charsetFamily(name: string): CharsetFamily | undefined {
  return families.get(name.toLowerCase());
}
