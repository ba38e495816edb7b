import { ArgumentError, assertFunction } from '../../tensor/errors';

/** Factor on the learning rate at a step; the first step is 0. */
export type Schedule = (step: number) => number;

/** @throws ArgumentError, in the caller's name, if a schedule is given that is no function */
export function assertSchedule(caller: string, schedule: unknown = constant): void {
  const choices = 'cosineDecay(steps), linearDecay(steps) or warmUp(5, after)';
  assertFunction(caller, { schedule }, choices);
}

/** Keeps the learning rate constant. */
export const constant: Schedule = () => 1;

/**
 * Decays linearly: 1 - step / steps, from 1 to 0, then 0.
 * @throws ArgumentError when it is used, if steps is not a positive number
 */
export function linearDecay(steps: number): Schedule {
  return (step) => Math.max(0, 1 - partOf(steps, step, 'linearDecay'));
}

/**
 * Decays by (1 + cos(π step / steps)) / 2 to 0, then 0. (Loshchilov and Hutter 2017, eq. 5)
 * @throws ArgumentError when it is used, if steps is not a positive number
 */
export function cosineDecay(steps: number): Schedule {
  return (step) => (1 + Math.cos(Math.PI * Math.min(1, partOf(steps, step, 'cosineDecay')))) / 2;
}

/**
 * Rises linearly, step / steps, from 0 to 1; then follows `after`, counted from there. As in
 * Hugging Face's schedules the first step has rate 0: `warmUp(10, cosineDecay(90))` is their cosine
 * over 100 steps.
 * @throws ArgumentError if steps is negative or not finite, or `after` is no function
 */
export function warmUp(steps: number, after: Schedule): Schedule {
  if (!Number.isFinite(steps) || steps < 0) {
    throw new ArgumentError(`warmUp: steps must be a number of at least 0, got ${steps}.`);
  }
  assertFunction('warmUp', { after }, 'cosineDecay(steps) or constant');
  return (step) => (step < steps ? step / steps : after(step - steps));
}

/** Refused only when it is used: a training may end within its warm-up, before any decay. */
function partOf(steps: number, step: number, caller: string): number {
  if (Number.isFinite(steps) && steps > 0) return step / steps;
  throw new ArgumentError(
    `${caller}: steps must be a positive number, got ${steps}. Count the steps after the warm-up.`,
  );
}
