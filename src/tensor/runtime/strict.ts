/** True if `LESSON_STRICT=1`: a check of the lesson that fails then throws. */
export function isStrict(): boolean {
  return process.env.LESSON_STRICT === '1';
}
