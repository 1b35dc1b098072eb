/**
 * A fraction of whole numbers in decimals, rounded half away from zero: computed with whole numbers alone, so that no digit
 * is off. `denominator` is above zero.
 */
export function decimalText(numerator: number, denominator: number, digits: number): string {
  const scaled = BigInt(Math.abs(numerator)) * 10n ** BigInt(digits);
  const divisor = BigInt(denominator);
  const rounded = (2n * scaled + divisor) / (2n * divisor);
  const text = String(rounded).padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  const decimals = digits === 0 ? "" : `.${text.slice(text.length - digits)}`;
  return `${numerator < 0 && rounded > 0n ? "-" : ""}${whole}${decimals}`;
}
