import { formatSolution, type Solution } from '../task';

/** The first steps of a solution, as they are written: one is `3*4=12,`, none is nothing. */
export function beginning(solution: Solution, steps: number): string {
  const parts = formatSolution(solution).split(', ').slice(0, steps);
  return parts.map((part) => `${part},`).join(' ');
}
