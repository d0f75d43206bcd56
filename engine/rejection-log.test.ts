import { describe, expect, it } from 'vitest';
import { RopewayError } from '#spi/errors.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { Counters } from './counters.ts';
import { NULL_CELLS_SHOWN_MAX, RejectionLog } from './rejection-log.ts';
import { runContext, taskContext } from './run-context.ts';

describe('taskContext().nullCell()', () => {
  it('describes the first cells, and only counts the others', () => {
    const { log, lines } = keptLog();
    const counters = new Counters();
    const run = runContext({ log, signal: new AbortController().signal, transactionTime: new Date(0) });
    const ctx = taskContext(run, 0, { counters, rejections: new RejectionLog(log), skippedRecordsMax: 0 });
    let described = 0;
    const reason = new RopewayError('CODE', { kind: 'data', message: 'It is bad.', hint: '' });
    for (let cell = 0; cell < NULL_CELLS_SHOWN_MAX + 5; cell++) {
      ctx.nullCell(() => {
        described += 1;
        return { reason, where: { field: 'a' } };
      });
    }
    ctx.countNullCells(3);
    expect(described).toBe(NULL_CELLS_SHOWN_MAX);
    expect(lines).toHaveLength(NULL_CELLS_SHOWN_MAX + 1);
    expect(lines.at(-1)).toContain('only counted');
    expect(counters.read()).toMatchObject({ cellsNulled: NULL_CELLS_SHOWN_MAX + 8, recordsSkipped: 0 });
  });
});
