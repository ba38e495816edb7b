import { LARGEST, OPERATIONS } from './equation';
import type { Problem } from './problem';
import type { Draw } from './seeded-draw';
import type { Solution } from './solution';
import { type Operand, type PlannedStep, work } from './solution-plan';

/**
 * How an attempt goes wrong, for `3*4=12, 12+5=17`:
 * operation `3+4=7, 7+5=12`; digit `3*4=13, 13+5=18` (or in a number of the story);
 * order `20-17=3` as `17-20=-3`; dropped `3*4=12`, and that is the answer.
 * Later steps go on from the wrong value, and the answer is always wrong.
 */
export const CORRUPTIONS = ['operation', 'digit', 'order', 'dropped'] as const;
export type Corruption = (typeof CORRUPTIONS)[number];

/** A wrong attempt at a problem and the mistake that was made in it. */
export interface CorruptedAttempt {
  readonly corruption: Corruption;
  readonly attempt: Solution;
}

/** Picks a kind of mistake that the problem admits, then one such mistake. */
export function corrupt(draw: Draw, problem: Problem): CorruptedAttempt {
  const choices = CORRUPTIONS.map((corruption) => ({
    corruption,
    attempts: corruptedAttempts(problem, corruption),
  })).filter(({ attempts }) => attempts.length > 0);
  const { corruption, attempts } = draw.pick(choices);
  return { corruption, attempt: draw.pick(attempts) };
}

/** Every attempt with one such mistake, no value too large, and a wrong answer. */
export function corruptedAttempts(problem: Problem, corruption: Corruption): Solution[] {
  return problem.plan
    .flatMap((_, index) => CORRUPT[corruption](problem, index))
    .map((plan) => work(plan))
    .map((steps) => ({ steps, answer: steps.at(-1)?.value ?? NaN }))
    .filter(({ steps }) => steps.every(({ value }) => Math.abs(value) <= LARGEST))
    .filter(({ steps, answer }) => steps.length > 0 && answer !== problem.answer);
}

type CorruptPlan = (problem: Problem, index: number) => PlannedStep[][];

const CORRUPT: Readonly<Record<Corruption, CorruptPlan>> = {
  operation: ({ plan }, index) =>
    OPERATIONS.filter((operation) => operation !== plan[index]?.operation).map((operation) =>
      change(plan, index, (step) => ({ ...step, operation })),
    ),
  digit: ({ plan, steps }, index) => [
    ...slips(steps[index]?.value).map((slip) => change(plan, index, (step) => ({ ...step, slip }))),
    ...slips(plan[index]?.left).map((left) => change(plan, index, (step) => ({ ...step, left }))),
    ...slips(plan[index]?.right).map((right) =>
      change(plan, index, (step) => ({ ...step, right })),
    ),
  ],
  order: ({ plan }, index) => {
    const swap = ({ left, operation, right }: PlannedStep): PlannedStep => ({
      left: right,
      operation,
      right: left,
    });
    return plan[index]?.operation === '-' ? [change(plan, index, swap)] : [];
  },
  dropped: ({ plan }, index) => [drop(plan, index)],
};

function change(
  plan: readonly PlannedStep[],
  index: number,
  make: (step: PlannedStep) => PlannedStep,
): PlannedStep[] {
  return plan.map((step, i) => (i === index ? make(step) : step));
}

/** A number of the story or a value with one digit changed: 12 gives 22 .. 92 and 10 .. 19. */
function slips(operand: Operand | undefined): number[] {
  if (typeof operand !== 'number') return [];
  const text = `${operand}`;
  return [...text].flatMap((digit, i) =>
    [...'0123456789']
      .filter((other) => other !== digit && (other !== '0' || i > 0))
      .map((other) => Number(text.slice(0, i) + other + text.slice(i + 1))),
  );
}

/** Leaves a step out; what used its result uses an operand of it instead, a result before a number. */
function drop(plan: readonly PlannedStep[], index: number): PlannedStep[] {
  const { left = 0, right = 0 } = plan[index] ?? {};
  const instead = typeof right === 'number' ? left : right;
  const relink = (operand: Operand): Operand => {
    if (typeof operand === 'number' || operand.step < index) return operand;
    if (operand.step > index) return { step: operand.step - 1 };
    return instead;
  };
  return plan
    .filter((_, i) => i !== index)
    .map((step) => ({ ...step, left: relink(step.left), right: relink(step.right) }));
}
