/** Commands of a group that talk to a server: with the options that find it. */
import type { Command } from 'commander';
import { withSharedOptions } from './command-line.ts';

export function controlSub(group: Command, words: string, description: string): Command {
  return withSharedOptions(group.command(words).description(description))
    .option('--url <url>', 'address of the server; by default ROPEWAY_URL, or http://127.0.0.1:8080')
    .option('--token-file <file>', 'file with the token; by default ROPEWAY_TOKEN, or the file `token` of --data')
    .option('--data <folder>', 'data folder of a server on this machine; by default ropeway-data');
}

export function controlList(group: Command, description: string, words = 'list'): Command {
  return controlSub(group, words, description).option('--limit <count>', 'so many at most', '50');
}
