/** A verdict on an attempt; `step` counts from 1 and is the first wrong one. */
export type Critique =
  | { readonly verdict: 'right'; readonly steps: number }
  | { readonly verdict: 'wrong'; readonly step: number };

/** Examples: `1 ok, 2 ok, right` and `1 ok, 2 wrong`. */
export function formatCritique(critique: Critique): string {
  const [ok, end] =
    critique.verdict === 'right'
      ? [critique.steps, 'right']
      : [critique.step - 1, `${critique.step} wrong`];
  return [...Array.from({ length: ok }, (_, i) => `${i + 1} ok`), end].join(', ');
}

/** The inverse of `formatCritique`; undefined for any other text. */
export function parseCritique(text: string): Critique | undefined {
  const steps = text.split(', ').length - 1;
  const critiques: Critique[] = [
    { verdict: 'right', steps },
    { verdict: 'wrong', step: steps + 1 },
  ];
  return critiques.find((critique) => text !== 'right' && formatCritique(critique) === text);
}
