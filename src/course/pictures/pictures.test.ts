import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findAll, parseXml } from '../../../tests/plot/parse-xml';
import { ArgumentError } from '../../tensor/errors';
import { lowRankPicture, pictureShape, singularValues } from './low-rank-picture';
import { modelPicture, type ModelPictureOptions } from './model-picture';

const model: ModelPictureOptions = {
  layers: 6,
  width: 768,
  vocabulary: 50_257,
  adapted: ['c_attn'],
  r: 8,
};

describe('the picture of a model', () => {
  const coloured = (adapted: string[]) =>
    findAll(parseXml(modelPicture({ ...model, adapted })['image/svg+xml']), 'rect').filter(
      ({ attributes: { fill } }) => fill?.startsWith('#'),
    ).length;

  test('has A and B at each adapted matrix, and at no other', () => {
    assert.equal(coloured([]), 0);
    assert.equal(coloured(['c_attn']), 2);
    assert.equal(coloured(['c_proj']), 4); // that of attention and that of the MLP
    assert.equal(coloured(['c_attn', 'c_proj', 'c_fc']), 8);
  });

  test('names each matrix with its shape, in the picture and in its sentence', () => {
    const { 'image/svg+xml': svg, 'text/plain': sentence } = modelPicture(model);
    const texts = findAll(parseXml(svg), 'text').map(({ text }) => text);
    for (const shape of ['[2304, 768]', '[768, 768]', '[3072, 768]', '[768, 3072]']) {
      assert.ok(texts.includes(shape) && sentence.includes(shape), shape);
    }
    assert.match(sentence, /6 blocks of width 768: adapters of rank 8 on c_attn/);
  });

  test('refuses the name of a matrix that GPT-2 does not have', () => {
    const odd = () => modelPicture({ ...model, adapted: ['q_proj'] });
    assert.throws(odd, ArgumentError);
    assert.throws(odd, /adapted must be of c_attn, c_proj, c_fc, got 'q_proj'/);
  });
});

describe('a picture at a low rank', () => {
  /** Rank 1: each row is a multiple of the first. */
  const stripes = '123\n246\n369';

  test('has the singular values of its pixels', () => {
    const [first = NaN, ...rest] = singularValues(stripes);
    assert.ok(Math.abs(first - Math.hypot(1, 2, 3) ** 2) < 1e-9, `${first}`);
    assert.ok(rest.every((value) => Math.abs(value) < 1e-9));
    // A diagonal matrix has its entries, sorted; dots and spaces are zeros, lines may be short.
    const values = singularValues('2..\n.9\n  4').map((value) => Number(value.toFixed(9)));
    assert.deepEqual(values, [9, 4, 2]);
  });

  test('is itself again from its rank on, and at a lower rank is not', () => {
    const fills = (text: string, ranks: number[]) =>
      findAll(parseXml(lowRankPicture(text, ranks)['image/svg+xml']), 'path').map(
        ({ attributes }) => attributes.fill,
      );
    const own = fills(stripes, []);
    assert.deepEqual(fills(stripes, [1]), [...own, ...own]);
    // The nearest of rank 1 to [[9, 1], [1, 9]] has 5 everywhere.
    assert.deepEqual(fills('91\n19', [1]), ['rgb(142,142,142)', ...fills('91\n19', [])]);
  });

  test('has as many columns as its longest line, and no rows of spaces', () => {
    assert.deepEqual(pictureShape('\n  1\n  \n.2\n'), [2, 3]);
  });

  test('is refused if a pixel is no digit, there is none, or all are black', () => {
    for (const draw of [singularValues, (text: string) => lowRankPicture(text, [1])]) {
      assert.throws(() => draw('..\n.0'), /must have a pixel that is not black, got only 0/);
    }
    assert.throws(() => singularValues('12\n#4'), /must be a digit, a dot or a space, got '#'/);
    assert.throws(() => lowRankPicture('\n\n', [1]), ArgumentError);
  });
});
