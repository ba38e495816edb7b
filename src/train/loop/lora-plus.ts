import { ArgumentError } from '../../tensor/errors';

/**
 * η_B = λ η_A,  λ = 16        (LoRA+, Hayou et al. 2024)
 *
 * The ratio by which `adamW({ learningRate: η_A, ratio: loraPlus() })` trains each B faster: in the
 * limit of wide layers A and B learn alike only if λ grows with the width. All else keeps η_A.
 * @throws ArgumentError if λ is not a positive number
 */
export function loraPlus(lambda = 16): (name: string) => number {
  if (!Number.isFinite(lambda) || lambda <= 0) {
    throw new ArgumentError(`loraPlus: lambda must be a positive number, got ${lambda}.`);
  }
  return (name) => (/(^|\.)lora\.B$/.test(name) ? lambda : 1);
}
