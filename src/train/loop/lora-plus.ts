import { ArgumentError } from '../../tensor/errors';

/**
 * η_B = λ η_A,  λ = 16        (LoRA+, Hayou et al. 2024)
 *
 * Learning-rate ratio for `adamW({ learningRate: η_A, ratio: loraPlus() })`, which trains each B
 * faster: for wide layers A and B learn equally well only if λ grows with the width. All other
 * parameters keep η_A.
 * @throws ArgumentError if λ is not a positive number
 */
export function loraPlus(lambda = 16): (name: string) => number {
  if (!Number.isFinite(lambda) || lambda <= 0) {
    throw new ArgumentError(
      `loraPlus: lambda must be a positive number, got ${lambda}. As an option it is called: ratio: loraPlus().`,
    );
  }
  return (name) => (/(^|\.)lora\.B$/.test(name) ? lambda : 1);
}
