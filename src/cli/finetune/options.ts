import { parseArgs } from 'node:util';
import { ArgumentError, quote } from '../../tensor/errors';
import { type Recipe, RECIPE } from '../../train';

/** What `npm run finetune` is asked for. */
export interface FineTuneArgs {
  out: string;
  resume: boolean;
  /** a file to take the recipe from */
  recipe: string | undefined;
  /** the parts of the recipe that are given, which go before those of the file */
  given: Partial<Recipe>;
}

const KEYS = Object.keys(RECIPE) as (keyof Recipe)[];

/** The flag of a key: `--learning-rate` for learning_rate; `--learning_rate` works too. */
const flagOf = (key: string) => key.replaceAll('_', '-');

/**
 * Reads `--model NAME --data FOLDER --out FOLDER [--resume] [--recipe FILE] [--KEY VALUE ...]`, a
 * key for each part of the recipe.
 * @throws ArgumentError if `--out` is missing or a value is of the wrong kind; the error of
 *   `parseArgs` for an unknown option
 */
export function parseFineTuneArgs(args: string[]): FineTuneArgs {
  const flags = KEYS.map((key) => [flagOf(key), { type: 'string' }] as const);
  const { values } = parseArgs({
    args: args.flatMap(spelled),
    options: {
      out: { type: 'string' },
      recipe: { type: 'string' },
      resume: { type: 'boolean', default: false },
      ...Object.fromEntries(flags),
    },
  });
  const texts = values as Record<string, unknown>;
  const { out, recipe, resume } = texts;
  if (typeof out !== 'string' || out === '') {
    throw new ArgumentError('finetune: --out must name the folder of the run, such as my-adapter.');
  }
  const given = KEYS.flatMap((key) => {
    const text = texts[flagOf(key)];
    return text === undefined ? [] : [[key, valueOf(key, text as string)]];
  });
  return {
    out,
    resume: resume === true,
    recipe: recipe as string | undefined,
    given: Object.fromEntries(given) as Partial<Recipe>,
  };
}

/** Spells an argument as `parseArgs` wants it: `--use_dora` is `--use-dora=true`. */
function spelled(arg: string, i: number, all: readonly string[]): string[] {
  if (!arg.startsWith('--')) return isSwitch(all[i - 1]) && isTruth(arg) ? [] : [arg];
  const flag = arg.replace(/^[^=]+/, flagOf);
  const next = all[i + 1];
  return isSwitch(arg) ? [`${flag}=${isTruth(next) ? next : 'true'}`] : [flag];
}

const isTruth = (text = '') => text === 'true' || text === 'false';

/** Whether this is the flag of a key that is true or false, without a value. */
function isSwitch(arg = ''): boolean {
  return KEYS.some((key) => typeof RECIPE[key] === 'boolean' && flagOf(arg) === `--${flagOf(key)}`);
}

function valueOf(key: keyof Recipe, text: string): unknown {
  if (typeof RECIPE[key] === 'boolean' && (text === 'true' || text === 'false')) {
    return text === 'true';
  }
  if (typeof RECIPE[key] === 'boolean') {
    throw new ArgumentError(
      `finetune: --${flagOf(key)} must be true or false, got ${quote(text)}.`,
    );
  }
  if (key === 'target_modules') return text.includes(',') ? text.split(',') : text;
  if (typeof RECIPE[key] === 'string') return text;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new ArgumentError(`finetune: --${flagOf(key)} must be a number, got ${quote(text)}.`);
}
