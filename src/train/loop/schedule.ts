/** Factor on the learning rate at a step; the first step is 0. */
export type Schedule = (step: number) => number;

/** Keeps the learning rate constant. */
export const constant: Schedule = () => 1;

/** Decays linearly: 1 - step / steps, from 1 to 0, then 0. */
export function linearDecay(steps: number): Schedule {
  return (step) => Math.max(0, 1 - step / steps);
}

/** Decays by (1 + cos(π step / steps)) / 2 to 0, then 0. (Loshchilov and Hutter 2017, eq. 5) */
export function cosineDecay(steps: number): Schedule {
  return (step) => (1 + Math.cos(Math.PI * Math.min(1, step / steps))) / 2;
}

/**
 * Rises linearly, step / steps, from 0 to 1; then follows `after`, counted from there. As in
 * Hugging Face's schedules the first step has rate 0: `warmUp(10, cosineDecay(90))` is their cosine
 * over 100 steps.
 */
export function warmUp(steps: number, after: Schedule): Schedule {
  return (step) => (step < steps ? step / steps : after(step - steps));
}
