import { applyLoraToLinear, type LoRALinear } from '../../lora';
import type { Linear } from '../../tensor/nn';

/** One adapter to a name, all on the one base, which is frozen already; each starts from a seed of its own. */
export function makeAgents(
  linear: Linear,
  names: string[],
  size: { r: number; alpha: number },
): { name: string; layer: LoRALinear }[] {
  return names.map((name, i) => ({
    name,
    layer: applyLoraToLinear(linear, { ...size, seed: 10 + i }),
  }));
}
