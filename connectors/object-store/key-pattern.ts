import { javaRegex } from '#codec/regex/java.ts';

/** Whether a pattern in Java's notation is found in a key; a SyntaxError when it cannot be used. */
export function keyPattern(pattern: string): (key: string) => boolean {
  const { source, flags } = javaRegex(pattern);
  // Without the flag that makes an expression remember where it matched last.
  const expression = new RegExp(source, flags.replace('g', ''));
  return (key) => expression.test(key);
}
