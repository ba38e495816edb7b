import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findAll, parseXml } from '../../../tests/plot/parse-xml';
import { ArgumentError } from '../../tensor/errors';
import { decoderPicture } from './decoder-picture';
import { distancePicture } from './distance-picture';
import { headsPicture } from './heads-picture';
import type { Picture } from './picture';
import { rotationPicture } from './rotation-picture';

const drawn = (picture: Picture, name: string) => findAll(parseXml(picture['image/svg+xml']), name);
const textsOf = (picture: Picture) => drawn(picture, 'text').map(({ text }) => text);
/** What a drawing is called, for those who do not see it. */
const described = (picture: Picture) => {
  const [title] = drawn(picture, 'title');
  const [desc] = drawn(picture, 'desc');
  assert.equal(desc?.text, picture['text/plain']);
  return title?.text;
};

describe('the picture of both decoders', () => {
  test('marks each step that differs, and no other', () => {
    const picture = decoderPicture();
    const marks = textsOf(picture).filter((text) => text === '≠').length;
    const outlined = drawn(picture, 'rect').filter(({ attributes }) =>
      attributes.stroke?.startsWith('#d'),
    );
    assert.equal(marks, 7);
    assert.equal(outlined.length, marks);
    assert.match(described(picture) ?? '', /differ in four things/);
    assert.match(picture['text/plain'], /LayerNorm becomes RMSNorm/);
  });
});

describe('the picture of rotations', () => {
  const options = { theta: 10_000, size: 8, pairs: [0, 2], positions: 5 };

  test('has a hand for each position of each pair, turned by position · θ^(-2i / size)', () => {
    const hands = drawn(rotationPicture(options), 'line');
    assert.equal(hands.length, 10);
    const angles = hands.map(({ attributes: { x1, y1, x2, y2 } }) =>
      Math.atan2(Number(y1) - Number(y2), Number(x2) - Number(x1)),
    );
    const speeds = [1, 10_000 ** (-4 / 8)];
    for (const [i, angle] of angles.entries()) {
      const wanted = (speeds[Math.floor(i / 5)] ?? NaN) * (i % 5);
      assert.ok(Math.abs(Math.sin((angle - wanted) / 2)) < 1e-3, `${angle} ${wanted}`);
    }
  });

  test('says how far each pair turns, and when it is round', () => {
    const picture = rotationPicture(options);
    assert.match(picture['text/plain'], /pair 0 by 57\.3°, pair 2 by 0\.573°\./);
    assert.ok(textsOf(picture).includes('a full turn in 628'));
    assert.equal(described(picture), 'Where 2 of the 4 pairs point at positions 0 to 4');
  });

  test('refuses a pair that the head does not have', () => {
    assert.throws(() => rotationPicture({ ...options, pairs: [4] }), ArgumentError);
    assert.throws(
      () => rotationPicture({ ...options, pairs: [] }),
      /one to four of 0 to 3, got \[\]/,
    );
  });
});

describe('the picture of distances', () => {
  test('has a bar for each pair, four powers of two wide but for what is below one token', () => {
    const picture = distancePicture({ theta: 10_000, size: 16, longest: 1000 });
    const bars = drawn(picture, 'rect').map(({ attributes }) => Number(attributes.width));
    assert.equal(bars.length, 8);
    // The last pair's 16th of a turn is far beyond one token.
    const [first = NaN, last = NaN] = [bars[0], bars.at(-1)];
    assert.ok(Math.abs(first / last - Math.log10(2 * Math.PI) / Math.log10(16)) < 0.01);
    assert.match(picture['text/plain'], /pair 0 turns once in 6\.3 tokens, pair 7 in 19,869/);
    assert.match(picture['text/plain'], /3 of 8 pairs never turn once in a text of 1,000 tokens/);
  });
});

describe('the picture of heads', () => {
  test('leads each query head to its keys and values, in groups that follow each other', () => {
    const picture = headsPicture({ heads: 6, kvHeads: 2 });
    const lines = drawn(picture, 'line').map(({ attributes }) => Number(attributes.x2));
    assert.equal(lines.length, 12);
    assert.equal(new Set(lines.slice(0, 6)).size, 6);
    const grouped = lines.slice(6);
    assert.deepEqual(
      grouped.map((x) => grouped.indexOf(x)),
      [0, 0, 0, 3, 3, 3],
    );
    assert.match(picture['text/plain'], /heads 0 to 2 share 0; 3 to 5 share 1\./);
  });

  test('refuses groups that do not come out even', () => {
    assert.throws(() => headsPicture({ heads: 9, kvHeads: 2 }), /a divisor of 9 heads, got 2/);
  });
});
