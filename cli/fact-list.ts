/** What is known of one thing, a line each; what has no value has no line. */
import type { CommandContext } from './command-context.ts';
import { padEnd, visible } from './text-width.ts';

export function printFacts({ terminal }: CommandContext, facts: Readonly<Record<string, string>>): void {
  terminal.out(factLines(facts));
}

export function factLines(facts: Readonly<Record<string, string>>): string {
  const shown = Object.entries(facts).filter(([, value]) => value !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${padEnd(name, width)}  ${visible(value)}\n`).join('');
}
