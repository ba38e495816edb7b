import { calculate, type Operation, type Step } from './equation';

/** A number of the story, or the result of an earlier step (counted from 0). */
export type Operand = number | { readonly step: number };

/** A step before it is worked out. */
export interface PlannedStep {
  readonly left: Operand;
  readonly operation: Operation;
  readonly right: Operand;
}

/** A plan being built: `add` returns an operand for the result of the added step. */
export class Plan {
  readonly steps: PlannedStep[] = [];

  add(left: Operand, operation: Operation, right: Operand): Operand {
    this.steps.push({ left, operation, right });
    return { step: this.steps.length - 1 };
  }
}

/** Computes the plan's steps: `8*2`, then `that-3`, gives `8*2=16, 16-3=13`. */
export function work(plan: readonly PlannedStep[]): Step[] {
  const values: number[] = [];
  const valueOf = (operand: Operand): number =>
    typeof operand === 'number' ? operand : (values[operand.step] ?? NaN);
  return plan.map(({ left: l, operation, right: r }) => {
    const [left, right] = [valueOf(l), valueOf(r)];
    const value = calculate(left, operation, right);
    values.push(value);
    return { left, operation, right, value };
  });
}
