import type { Recipe } from '../../train';

/** How notebook 05g and `npm run home` train SmolLM2 on the home's rows; defaults for what is left out. */
export const HOME_RECIPE: Partial<Recipe> = {
  r: 8,
  lora_alpha: 16,
  target_modules: 'all-linear',
  learning_rate: 0.002,
  warmup_steps: 5,
  batch_size: 8,
  epochs: 2,
  eval_steps: 50,
  eval_rows: 30,
};
