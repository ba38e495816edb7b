import { dora, rsLora } from '../../lora';
import type { InjectOptions } from '../../lora';
import { ArgumentError, assertOptions, type OptionKeys, quote } from '../../tensor/errors';

/** How an adapter is trained. Names are PEFT's, and those of Hugging Face's trainers. */
export interface Recipe {
  /** the base model's name, for readers of the file: `fineTune` is given the model itself */
  model: string;
  /** where the rows come from, for readers of the file too */
  data: string;
  /** the time that templates are told, for readers of the file: rows are rendered by `encodeRows` */
  date: string;
  /** the adapter's rank */
  r: number;
  /** the adapter's part is scaled by lora_alpha / r */
  lora_alpha: number;
  /** the share of its inputs that is dropped while it learns */
  lora_dropout: number;
  /** names of layers, an expression that matches them whole, or 'all-linear' */
  target_modules: string | readonly string[];
  /** true to scale by lora_alpha / sqrt(r) */
  use_rslora: boolean;
  /** true for DoRA, which trains lengths apart from directions */
  use_dora: boolean;
  /** the highest rate of AdamW */
  learning_rate: number;
  /** steps in which the rate rises from 0; then it falls to 0 along a cosine */
  warmup_steps: number;
  /** of AdamW */
  weight_decay: number;
  /** gradients that are longer are cut to this length */
  max_grad_norm: number;
  /** how often every row is learned; a part of a number is fine */
  epochs: number;
  /** rows in a batch */
  batch_size: number;
  /** batches in a step */
  gradient_accumulation_steps: number;
  /** true to compute the activations of blocks again in the backward pass: long rows fit, and take longer */
  gradient_checkpointing: boolean;
  /** tokens of a row; longer ones are cut */
  max_length: number;
  /** true if several rows are put into one of max_length tokens */
  packing: boolean;
  /** steps from one validation, and one checkpoint, to the next */
  eval_steps: number;
  /** rows of the validation set that are measured, at most */
  eval_rows: number;
  /** of these, how many are answered at each validation, to count exact answers; 0 for none */
  eval_answers: number;
  /** validations without a better loss after which the training stops; 0 for never */
  patience: number;
  /** of the adapter's start, dropout, the order of the rows, and what is held back */
  seed: number;
}

/** The recipe of a run for which nothing else is asked. */
export const RECIPE: Recipe = {
  model: '',
  data: '',
  date: '',
  r: 8,
  lora_alpha: 16,
  lora_dropout: 0,
  target_modules: 'all-linear',
  use_rslora: false,
  use_dora: false,
  learning_rate: 0.002,
  warmup_steps: 5,
  weight_decay: 0.01,
  max_grad_norm: 1,
  epochs: 3,
  batch_size: 8,
  gradient_accumulation_steps: 1,
  gradient_checkpointing: false,
  max_length: 1024,
  packing: false,
  eval_steps: 20,
  eval_rows: 100,
  eval_answers: 0,
  patience: 0,
  seed: 0,
};

const OPTIONS: OptionKeys<Partial<Recipe>> = Object.fromEntries(
  Object.keys(RECIPE).map((key) => [key, 'optional']),
) as OptionKeys<Partial<Recipe>>;

/** What a number must be; the others must be positive integers. */
const NUMBERS: Partial<Record<keyof Recipe, [isGood: (value: number) => boolean, rule: string]>> = {
  lora_alpha: [(value) => value > 0, 'a positive number'],
  lora_dropout: [(value) => value >= 0 && value < 1, 'at least 0 and less than 1'],
  learning_rate: [(value) => value > 0, 'a positive number'],
  warmup_steps: [(value) => Number.isSafeInteger(value) && value >= 0, 'a whole number'],
  weight_decay: [(value) => value >= 0, 'a number of at least 0'],
  max_grad_norm: [(value) => value > 0, 'a positive number'],
  epochs: [(value) => value > 0, 'a positive number'],
  eval_answers: [(value) => Number.isSafeInteger(value) && value >= 0, 'a whole number'],
  patience: [(value) => Number.isSafeInteger(value) && value >= 0, 'a whole number'],
  seed: [
    (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 29,
    'a whole number below 2²⁹',
  ],
};

/**
 * Completes a recipe with the defaults.
 * @throws ArgumentError, in the caller's name, listing every key that is unknown, or every value
 *   that is out of range
 */
export function completeRecipe(caller: string, given: Partial<Recipe>): Recipe {
  assertOptions(caller, given, OPTIONS);
  const recipe: Recipe = { ...RECIPE, ...given };
  const faults = (Object.keys(RECIPE) as (keyof Recipe)[]).flatMap((key) => {
    const rule = ruleOf(key, recipe[key]);
    return rule ? [`${key} must be ${rule}, got ${quote(recipe[key])}`] : [];
  });
  if (faults.length === 0) return recipe;
  throw new ArgumentError(`${caller}: ${faults.join('; ')}.`);
}

/** The rule that a value breaks; null if it keeps it. */
function ruleOf(key: keyof Recipe, value: unknown): string | null {
  if (key === 'target_modules') {
    const isNames = Array.isArray(value) && value.every((name) => typeof name === 'string');
    return typeof value === 'string' || isNames ? null : 'a name or a list of names';
  }
  if (typeof RECIPE[key] === 'string') return typeof value === 'string' ? null : 'a text';
  if (typeof RECIPE[key] === 'boolean') return typeof value === 'boolean' ? null : 'true or false';
  const [isGood, rule] = NUMBERS[key] ?? [
    (number: number) => Number.isSafeInteger(number) && number > 0,
    'a positive integer',
  ];
  return typeof value === 'number' && Number.isFinite(value) && isGood(value) ? null : rule;
}

/** What `injectLora` makes of a recipe. */
export function adapterOf(recipe: Recipe): InjectOptions {
  return {
    targetModules: recipe.target_modules,
    r: recipe.r,
    alpha: recipe.lora_alpha,
    dropout: recipe.lora_dropout,
    seed: recipe.seed,
    ...(recipe.use_rslora && { scaling: rsLora }),
    ...(recipe.use_dora && { variant: dora }),
  };
}
