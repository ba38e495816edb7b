/** The operations of a step, as they are written. */
export const OPERATIONS = ['+', '-', '*'] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * The largest value of a solution. With larger numbers a small base model spends its training on
 * sums instead of on stories.
 */
export const LARGEST = 50;

/** One equation of a solution, as written; the value may be wrong. Example: `8*2=16`. */
export interface Step {
  readonly left: number;
  readonly operation: Operation;
  readonly right: number;
  readonly value: number;
}

/** Computes `left operation right`. */
export function calculate(left: number, operation: Operation, right: number): number {
  switch (operation) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
  }
}

/** Example: `8*2=16`; negative numbers as `3-8=-5`. */
export function formatStep({ left, operation, right, value }: Step): string {
  return `${left}${operation}${right}=${value}`;
}

/** Tells whether two steps agree: `3+8=11` and `8+3=11` do, `3-8=-5` and `8-3=5` do not. */
export function isSameStep(a: Step, b: Step): boolean {
  if (a.operation !== b.operation || a.value !== b.value) return false;
  if (a.left === b.left && a.right === b.right) return true;
  return a.operation !== '-' && a.left === b.right && a.right === b.left;
}
