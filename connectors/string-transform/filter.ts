/** Brings texts into a normal form: Unicode's, widths, ends, small or capital letters. */
import { bytesAt, isNull, stringAt } from '#spi/batch.ts';
import type { Filter } from '#spi/records.ts';
import { replaceColumns } from '#spi/replace-columns.ts';
import type { ColumnStep } from '#spi/replace-columns.ts';
import { columnIndex } from '#spi/schema.ts';
import { VectorBuilder } from '#spi/vector-builder.ts';
import { copyText } from '#codec/cells/scalar.ts';
import type { StringTransformConfig, TransformName } from './config.ts';
import { stringTransformErrors } from './errors.ts';
import { toFullWidth, toFullWidthKana, toHalfWidth, toHalfWidthKana } from './widths.ts';

interface Transform {
  readonly apply: (text: string) => string;
  /** Texts of ASCII alone stay as they are. */
  readonly leavesAscii: boolean;
}

const transforms: Readonly<Record<TransformName, Transform>> = {
  normalize_nfkc: { apply: (text) => text.normalize('NFKC'), leavesAscii: true },
  normalize_nfc: { apply: (text) => text.normalize('NFC'), leavesAscii: true },
  normalize_nfkd: { apply: (text) => text.normalize('NFKD'), leavesAscii: true },
  normalize_nfd: { apply: (text) => text.normalize('NFD'), leavesAscii: true },
  to_half_width: { apply: toHalfWidth, leavesAscii: true },
  to_full_width: { apply: toFullWidth, leavesAscii: false },
  to_half_width_kana: { apply: toHalfWidthKana, leavesAscii: true },
  to_full_width_kana: { apply: toFullWidthKana, leavesAscii: true },
  trim: { apply: (text) => text.trim(), leavesAscii: false },
  to_lower_case: { apply: (text) => text.toLowerCase(), leavesAscii: false },
  to_upper_case: { apply: (text) => text.toUpperCase(), leavesAscii: false },
};

export const stringTransform: Filter<StringTransformConfig> = {
  isRowwise: true,

  open(config, input) {
    const steps = config.columns.map(({ name, type }, position): ColumnStep => {
      const index = columnIndex(input, name);
      const found = input.columns[index]?.type;
      if (found === 'string') return { index, type: 'string', apply: transformed(transforms[type]) };
      const reason = found === undefined ? 'there is no such column' : `it is not string but ${found}`;
      const known = input.columns.map((column) => `${column.name} (${column.type})`).join(', ');
      const where = { path: ['columns', position, 'name'] };
      throw stringTransformErrors.error('STRING_TRANSFORM_COLUMN', { name, reason, known }, { where });
    });
    return replaceColumns(input, steps);
  },
};

function transformed({ apply, leavesAscii }: Transform): ColumnStep['apply'] {
  const builder = new VectorBuilder('string');
  return (vector, rowCount) => {
    builder.begin(rowCount);
    for (let row = 0; row < rowCount; row++) {
      if (isNull(vector, row)) continue;
      if (leavesAscii && isAscii(bytesAt(vector, row))) copyText(builder, row, vector);
      else builder.setString(row, apply(stringAt(vector, row)));
    }
    return builder.take();
  };
}

function isAscii(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if ((bytes[at] as number) >= 0x80) return false; // bounded by the loop
  return true;
}
