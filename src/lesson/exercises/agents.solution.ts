import { applyLoraToLinear, freezeBaseModel, type Linear, type LoRALinear } from '../../lora';

/** One adapter to a name, all on the one frozen base; each starts from a seed of its own. */
export function makeAgents(
  linear: Linear,
  names: string[],
  size: { r: number; alpha: number },
): { name: string; layer: LoRALinear }[] {
  freezeBaseModel(linear);
  return names.map((name, i) => ({
    name,
    layer: applyLoraToLinear(linear, { ...size, seed: 10 + i }),
  }));
}
