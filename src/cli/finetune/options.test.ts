import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFineTuneArgs } from './options';

test('flags are the keys of a recipe, with their kinds', () => {
  const args = [
    ...['--out', 'a', '--model', 'm', '--learning-rate', '1e-3', '--lora_alpha=32', '--packing'],
    ...['--target-modules', 'q_proj,v_proj', '--seed', '0', '--resume'],
  ];
  assert.deepEqual(parseFineTuneArgs(args), {
    out: 'a',
    resume: true,
    recipe: undefined,
    given: {
      model: 'm',
      learning_rate: 0.001,
      lora_alpha: 32,
      packing: true,
      target_modules: ['q_proj', 'v_proj'],
      seed: 0,
    },
  });
  const switches = ['--out', 'a', '--use_dora', '--packing=false'];
  assert.deepEqual(parseFineTuneArgs(switches).given, { use_dora: true, packing: false });
  const spoken = ['--use-dora', 'true', '--packing', 'false', '--out', 'a'];
  assert.deepEqual(parseFineTuneArgs(spoken).given, { use_dora: true, packing: false });
  const { given } = parseFineTuneArgs(['--out', 'a', '--target-modules', 'all-linear']);
  assert.deepEqual(given, { target_modules: 'all-linear' });
});

test('what is missing, no number or unknown is refused', () => {
  for (const [args, message] of [
    [[], /--out must name the folder/],
    [['--out', ''], /--out must name the folder/],
    [['--out', 'a', '--r', 'x'], /^finetune: --r must be a number, got "x"\.$/],
    [['--out', 'a', '--packing=no'], /--packing must be true or false, got "no"/],
    [['--out', 'a', '--r', ''], /--r must be a number, got ""/],
    [['--out', 'a', '--rank', '3'], /Unknown option '--rank'/],
    [['--out', 'a', 'more'], /Unexpected argument 'more'/],
  ] as const) {
    assert.throws(() => parseFineTuneArgs([...args]), { message });
  }
});
