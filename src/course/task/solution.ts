import { formatStep, type Operation, OPERATIONS, type Step } from './equation';

/** A solution as written, right or wrong. */
export interface Solution {
  readonly steps: readonly Step[];
  readonly answer: number;
}

const NUMBER = '(?:0|-?[1-9]\\d{0,4})';
const STEP = `${NUMBER}[${OPERATIONS.join('\\')}]${NUMBER}=${NUMBER}`;
const SOLUTION = new RegExp(`^${STEP}(?:, ${STEP}){0,8}, so ${NUMBER}\\n?$`);
const PARTS = new RegExp(`(${NUMBER})([${OPERATIONS.join('\\')}])(${NUMBER})=(${NUMBER})`, 'g');

/** Example: `3*4=12, 12+5=17, so 17`. */
export function formatSolution({ steps, answer }: Solution): string {
  return `${steps.map(formatStep).join(', ')}, so ${answer}`;
}

/**
 * The inverse of `formatSolution`; one newline may follow, nothing else. Numbers have no leading
 * zeros and at most five digits; there are one to nine steps, true or not.
 * @returns undefined for any other text
 */
export function parseSolution(text: string): Solution | undefined {
  if (!SOLUTION.test(text)) return undefined;
  const steps = [...text.matchAll(PARTS)].map(([, left, operation, right, value]) => ({
    left: Number(left),
    operation: operation as Operation,
    right: Number(right),
    value: Number(value),
  }));
  return { steps, answer: Number(text.slice(text.lastIndexOf(' '))) };
}
