import { type Figure, lineChart } from '../plot';

/** Draws how many parameters LoRA trains at each rank, beside those of a layer W0 [d, k]. */
export function parameterChart({
  d,
  k,
  ranks,
}: {
  d: number;
  k: number;
  ranks: readonly number[];
}): Figure {
  const count = (n: number) => n.toLocaleString('en-US');
  const lora = ranks.map((r) => r * (d + k));
  const [first = NaN, last = NaN] = [lora[0], lora.at(-1)];
  return lineChart({
    title: `Rank 8 trains ${count(8 * (d + k))} of ${count(d * k)} parameters`,
    x: { title: 'rank r', scale: 'log', ticks: [...ranks] },
    y: { title: 'trained parameters', scale: 'log', format: count },
    series: [
      { name: 'LoRA, r (d + k)', x: [...ranks], y: lora },
      { name: 'full fine-tuning, d × k', x: [...ranks], y: ranks.map(() => d * k) },
    ],
    summary:
      `For d = ${d}, k = ${k}, LoRA trains ${count(first)} parameters at rank ${ranks[0]} and ` +
      `${count(last)} at rank ${ranks.at(-1)}; full fine-tuning trains ${count(d * k)}.`,
  });
}
