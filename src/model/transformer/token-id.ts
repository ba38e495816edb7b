/** Whether a value is a token id: a whole number from 0. */
export function isTokenId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
