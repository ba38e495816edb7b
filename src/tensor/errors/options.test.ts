import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ArgumentError } from './errors';
import { assertFunction } from './function';
import { assertOptions, type OptionKeys } from './options';

interface Options {
  r: number;
  targetModules: string[];
  dropout?: number;
}

const KEYS: OptionKeys<Options> = { r: 'required', targetModules: 'required', dropout: 'optional' };

function messageOf(options: unknown, keys: Parameters<typeof assertOptions>[2] = KEYS): string {
  try {
    assertOptions('f', options, keys);
  } catch (error) {
    assert.ok(error instanceof ArgumentError);
    return error.message;
  }
  throw new Error('nothing was thrown');
}

describe('the keys of an options object', () => {
  test('are accepted if all are known and none is missing', () => {
    assertOptions('f', { r: 1, targetModules: [] }, KEYS);
    assertOptions('f', { r: 1, targetModules: [], dropout: undefined }, KEYS);
  });

  for (const [given, advice] of [
    ['target_modules', 'For target_modules write targetModules.'],
    ['targetmodules', 'For targetmodules write targetModules.'],
    ['lora_dropout', 'For lora_dropout write dropout.'],
    ['rankPattern', 'For rankPattern write r: (name) => ....'],
    ['use_rslora', 'For use_rslora write scaling: rsLora.'],
    ['loraplus_lr_ratio', 'For loraplus_lr_ratio write adamW({ ratio: loraPlus(16) }).'],
    ['quant_type', 'For quant_type write type.'],
    ['bnb_4bit_quant_type', 'For bnb_4bit_quant_type write type.'],
    ['compress_statistics', 'For compress_statistics write doubleQuantize.'],
    ['max_grad_norm', 'For max_grad_norm write maxGradientNorm.'],
    [
      'init_lora_weights',
      'For init_lora_weights write init: gaussian, or call initFromBase(model, pissa) after injectLora.',
    ],
    ['dropuot', 'Did you mean dropout?'],
  ] as const) {
    test(`may not be ${given}: ${advice}`, () => {
      assert.equal(
        messageOf({ r: 1, targetModules: [], [given]: 1 }),
        `f: each option must be one of r, targetModules, dropout, got ${given}. ${advice}`,
      );
    });
  }

  test('have no advice if nothing is like them', () => {
    assert.equal(
      messageOf({ r: 1, targetModules: [], constructor: 1, zzz: 2 }),
      'f: each option must be one of r, targetModules, dropout, got constructor, zzz.',
    );
  });

  test('are all named that are missing', () => {
    assert.equal(messageOf({ dropout: 0 }), 'f: options must have r, targetModules, got none.');
    assert.equal(
      messageOf({ r: 1, targetModules: undefined }),
      'f: options must have targetModules, got none.',
    );
  });

  test('must be those of an object', () => {
    const wanted = 'f: options must be an object such as { r, targetModules }';
    assert.equal(messageOf(undefined), `${wanted}, got nothing.`);
    assert.equal(messageOf(null), `${wanted}, got null.`);
    assert.equal(messageOf(8), `${wanted}, got 8.`);
    assert.equal(messageOf(['c_attn']), `${wanted}, got a list.`);
  });

  test('are refused by a function that has none', () => {
    assertOptions('f', {}, {});
    assert.equal(messageOf({ zzz: 1 }, {}), 'f: there are no options, got zzz.');
    assert.match(
      messageOf({ safe_merge: true }, {}),
      /got safe_merge\. For safe_merge write nothing: /,
    );
    assert.equal(messageOf(true, {}), 'f: options must be left out, got true.');
    assert.equal(
      messageOf(3, { dtype: 'optional' }),
      'f: options must be an object such as { dtype }, got 3.',
    );
  });
});

describe('a function given as an argument', () => {
  test('is accepted', () => {
    assertFunction('f', { init: () => 1 }, 'gaussian');
  });

  for (const [given, got] of [
    ['pissa', '"pissa"'],
    [undefined, 'nothing'],
    [null, 'null'],
    [16, '16'],
    [{}, 'Object'],
  ] as const) {
    test(`may not be ${got}`, () => {
      assert.throws(() => assertFunction('f', { init: given }, 'gaussian', 'Call it.'), {
        name: 'ArgumentError',
        message: `f: init must be a function such as gaussian, got ${got}. Call it.`,
      });
    });
  }
});
