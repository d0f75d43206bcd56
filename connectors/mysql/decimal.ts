/** Decimals as texts: rounded here, so that whatever the server still says is about a value that does not fit. */

const decimal = /^\s*([-+]?)(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d{1,4}))?\s*$/;

/** The number with at most `scale` digits behind the point, half away from zero; undefined when it is none. */
export function roundDecimal(text: string, scale: number): string | undefined {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = decimal.exec(text) ?? [];
  if (whole === '' && fraction === '') return undefined;
  const places = fraction.length - Number(exponent);
  if (places <= scale && exponent === '0') return `${sign === '-' ? '-' : ''}${whole}${fraction && `.${fraction}`}`;
  const digits = BigInt(whole + fraction);
  // The number is `digits` without `places` of them.
  const excess = places - scale;
  const units = excess <= 0 ? digits * 10n ** BigInt(-excess) : divideRounding(digits, 10n ** BigInt(excess));
  const padded = String(units).padStart(scale + 1, '0');
  const point = padded.length - scale;
  return `${sign === '-' ? '-' : ''}${padded.slice(0, point)}${scale === 0 ? '' : `.${padded.slice(point)}`}`;
}

function divideRounding(value: bigint, by: bigint): bigint {
  return (value * 2n + by) / (by * 2n);
}
