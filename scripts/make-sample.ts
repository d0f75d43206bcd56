/** Makes `examples/orders.csv`, the sample that a new server and `npm run sample` load. The same bytes every time. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './source-files.ts';

const ROWS = 1000;

/** A small generator of numbers below `limit`: the sample must not depend on a library's. */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const customers = [
  'Aiko Tanaka',
  '佐藤 花子',
  'José García',
  'Émilie Dupont',
  "Niamh O'Brien",
  'Łukasz Kowalski',
  '田中 太郎',
  'Zoë Müller',
];
const notes = [
  '',
  '',
  '',
  '',
  'gift',
  'call "before noon"',
  'leave at the door, please',
  'fragile\nhandle with care',
  '領収書在中',
];
const items = ['rope', 'pulley', 'cabin', 'cable, steel', 'grip', 'tower light'];

const pick = numbers(20_150_127);
const pad = (value: number): string => String(value).padStart(2, '0');
const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const lines = ['order_id,customer,item,quantity,price,ordered_at,express,note'];
for (let row = 1; row <= ROWS; row++) {
  const day = `2026-${pad(1 + pick(12))}-${pad(1 + pick(28))}`;
  const time = `${pad(pick(24))}:${pad(pick(60))}:${pad(pick(60))}`;
  const quantity = pick(40) === 0 ? '' : String(1 + pick(20));
  const price = (1 + pick(90_000) / 100).toFixed(2);
  const cells = [
    ...[
      String(100_000 + row),
      customers[pick(customers.length)] ?? '',
      items[pick(items.length)] ?? '',
      quantity,
      price,
    ],
    ...[`${day} ${time}`, pick(4) === 0 ? 'true' : 'false', notes[pick(notes.length)] ?? ''],
  ];
  lines.push(cells.map(quoted).join(','));
}
writeFileSync(join(repository, 'examples', 'orders.csv'), `${lines.join('\n')}\n`);
