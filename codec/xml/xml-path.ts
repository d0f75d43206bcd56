/** Paths to elements and attributes, as far as XPath says them by names: `a/b`, `*`, `@c`, `.`, `text()`. */
import { nameIn } from './xml-parser.ts';

export interface XmlPath {
  /** Names of elements, as the parser gives them; `*` is any. */
  readonly elements: readonly string[];
  /** Of the last element; without it its text is meant. */
  readonly attribute?: string;
}

export type Namespaces = Readonly<Record<string, string>> | undefined;

const elementName = /^(?![-.\d])(?:([^\s/@:*[\]()'"=|{}]+):)?([^\s/@:*[\]()'"=|{}]+)$/;

/** A text is the reason why it is no path that can be used. */
export function parseXmlPath(text: string, namespaces: Namespaces): XmlPath | string {
  if (text.includes('//')) return "'//' is not supported";
  const steps = text.split('/');
  if (steps.some((step) => step === '')) return 'a step between two slashes is empty';
  const elements: string[] = [];
  for (const [index, step] of steps.entries()) {
    const isLast = index === steps.length - 1;
    if (step === '.' || (isLast && step === 'text()')) continue;
    const name = resolvedName(step.startsWith('@') ? step.slice(1) : step, namespaces);
    if (typeof name !== 'object') return name;
    if (!step.startsWith('@')) elements.push(name.name);
    else if (isLast && name.name !== '*') return { elements, attribute: name.name };
    else return `'${step}' must be the last step, and a name`;
  }
  return { elements };
}

function resolvedName(step: string, namespaces: Namespaces): { readonly name: string } | string {
  if (step === '*') return { name: '*' };
  const match = elementName.exec(step);
  if (match === null) return `'${step}' is not a name: only names, *, @names, '.' and text() can be used`;
  const [, prefix, local = ''] = match;
  if (namespaces === undefined) return { name: step };
  if (prefix === undefined) return { name: local };
  const uri = Object.hasOwn(namespaces, prefix) ? namespaces[prefix] : undefined;
  return uri === undefined ? `the prefix '${prefix}' is not in namespaces` : { name: nameIn(uri, local) };
}
