import { formatSolution, type Solution } from '../task';

/** Writes the first steps of a solution: one is `3*4=12,`, none is the empty string. */
export function firstSteps(solution: Solution, steps: number): string {
  const parts = formatSolution(solution).split(', ').slice(0, steps);
  return parts.map((part) => `${part},`).join(' ');
}
