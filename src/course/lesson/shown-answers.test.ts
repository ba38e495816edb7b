import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { codeCells } from '../../../tests/notebook';
import { projectRoot } from '../../files/local';
import { CHOICES, type ChoiceId } from './choices';

const solutions = join(projectRoot, 'notebooks/solutions');

/** All that a cell showed, as text. */
function output(name: string, id: string): string {
  const cell = codeCells(join(solutions, `${name}.ipynb`)).find((one) => one.id === id);
  return (cell?.outputs ?? [])
    .map(({ text, data }) => [text ?? (data?.['text/plain'] as string[] | string)].flat().join(''))
    .join('');
}

type Shown = [id: ChoiceId, right: string, cell: string, numbers: RegExp, holds: Holds];
type Holds = (...numbers: number[]) => boolean;

/** Where a run shows the answer that is right, and when it is. */
const SHOWN: Shown[] = [
  ['base-solves', 'c', '05b_finetune before', /the base: ([\d.]+) %/, (share = NaN) => share < 5],
  [
    'large-rate',
    'c',
    '05b_finetune rates',
    /ten times: ([\d.]+), the recipe: ([\d.]+),/,
    (tenfold = NaN, own = NaN) => own < 1 && tenfold > 2.5,
  ],
  [
    'adapter-solves',
    'c',
    '05b_finetune after',
    /adapter: ([\d.]+) %/,
    (share = NaN) => share >= 90,
  ],
  [
    'loaded-answers',
    'a',
    '05b_finetune load',
    /(\d+) of (\d+) answers/,
    (same = NaN, all) => same === all,
  ],
  [
    'mixed-rows',
    'a',
    '05c_agents mixed-same',
    /difference (\S+)[^]*difference (\S+)[^]*difference (\S+)[^]*difference (\S+)/,
    (...differences) => Math.max(...differences) < 1e-3,
  ],
  [
    'team-or-vote',
    'c',
    '05c_agents paired',
    /team - solver, vote, equal tokens +([\d.-]+) \( *([\d.-]+) to/,
    (gain = NaN, low = NaN) => low > 0 && gain >= 1 && gain <= 2,
  ],
  [
    'critic-alone',
    'c',
    '05c_agents critic-paired',
    /critic - solver: \S+ points \(\S+ to (\S+)\)/,
    (high = NaN) => high < 0,
  ],
  [
    'outlier-error',
    'b',
    '05e_qlora blocks-chart',
    /outlier: ([\d.]+) % by blocks of 64, ([\d.]+) % [^;]*; without: ([\d.]+) %/,
    (small = NaN, one = NaN, none = NaN) =>
      Math.round(small) === 17 && Math.round(one) === 100 && Math.round(none) === 11,
  ],
  [
    'merge-rounding',
    'a',
    '05e_qlora merge-weights',
    /update: ([\d.]+); rounding of the sum: ([\d.]+)/,
    (update = NaN, rounding = NaN) => rounding < update / 2,
  ],
  [
    'small-update',
    'b',
    '05e_qlora small',
    /0\.1 of the update: ([\d.-]+) %/,
    (share = NaN) => share > 20 && share < 45,
  ],
  [
    'norm-mean',
    'a',
    '05f_todays_models norm-states',
    /, ([\d.]+) %[^]*, ([\d.]+) %[^]*, ([\d.]+) %[^]*, ([\d.]+) %/,
    (...shares) => Math.min(...shares) >= 2 && Math.max(...shares) <= 6,
  ],
  [
    'rotary-shift',
    'a',
    '05f_todays_models exercise-2-use',
    /7: (\S+)[^]*107: (\S+)[^]*177: (\S+)[^]*8: (\S+)/,
    (near, far, farther, other) => near === far && far === farther && near !== other,
  ],
  [
    'most-parameters',
    'c',
    '05f_todays_models parts-chart',
    /vectors: (\d+) %; \S+ \S+: (\d+) %; \S+ \S+: (\d+) %; MLPs[^:]*:[^:]*: (\d+) %/,
    (tokens = NaN, qo = NaN, kv = NaN, mlps = NaN) => mlps > 50 && tokens + qo + kv < 50,
  ],
  [
    'adapter-share',
    'b',
    '05f_todays_models lora',
    /trainable%: ([\d.]+)/,
    (share = NaN) => share > 0.2 && share < 0.4,
  ],
  [
    'first-step',
    'b',
    '05f_todays_models first-step',
    /loss ([\d.]+) -> ([\d.]+)/,
    (first = NaN, second = NaN) => second < first,
  ],
  [
    'mean-of-means',
    'a',
    '05g_your_data exercise-2-use',
    /alike: ([\d.]+); mean of the two means: ([\d.]+)/,
    (mean = NaN, ofMeans = NaN) => Math.abs(mean - 0.6) < 0.05 && ofMeans === 2.25,
  ],
  [
    'home-base',
    'c',
    '05g_your_data before',
    /base: (\d+) of 200 right/,
    (right = NaN) => right <= 4,
  ],
  [
    'home-mistakes',
    'a',
    '05g_your_data mistakes',
    /name (\d+), form (\d+), function \d+, number (\d+)/,
    (name = NaN, form = NaN, number = NaN) => name > form && name > number,
  ],
  [
    'forgotten',
    'c',
    '05g_your_data forgetting',
    /answers: base ([\d.]+) ± [\d.]+, with adapter ([\d.]+) ± ([\d.]+)/,
    (before = NaN, after = NaN, margin = NaN) => after - margin > before,
  ],
];

describe('the committed outputs show the answers', () => {
  for (const [id, right, cell, numbers, holds] of SHOWN) {
    test(`${id}: ${right}`, () => {
      const [name = '', cellId = ''] = cell.split(' ');
      const text = output(name, cellId);
      const found = numbers.exec(text)?.slice(1).map(Number) ?? [];
      assert.ok(holds(...found), `${found.join()} in ${text}`);
      assert.equal(CHOICES[id].right, right);
    });
  }
});
