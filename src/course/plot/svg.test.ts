import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml } from '../../../tests/plot/parse-xml';
import { escapeMarkup } from '../card';
import { element, textWidth, wrapText } from './svg';

test('escaped text is read back by a strict parser, and characters not allowed in XML are replaced', () => {
  const nasty = `a < b && c > "d" 'e' <b>&amp;</b> ]]> é 😀`;
  const { text, attributes } = parseXml(element('t', { note: nasty }, escapeMarkup(nasty)));
  assert.equal(text, nasty);
  assert.equal(attributes.note, nasty);
  assert.equal(escapeMarkup('bell \u0007, half \uD83D.'), 'bell \uFFFD, half \uFFFD.');
});

test('numbers in the markup have two decimals and are never NaN or Infinity', () => {
  assert.equal(element('a', { x: 1 / 3, y: 2, z: -1e-9 }), '<a x="0.33" y="2" z="0"/>');
  for (const x of [NaN, Infinity]) assert.throws(() => element('a', { x }), /must be finite/);
});

test('text breaks at spaces, and inside a word only if the word is too wide', () => {
  const title = 'Each adapter adds 0.2 % of the bytes of the base';
  const lines = wrapText(title, 150);
  assert.equal(lines.join(' '), title);
  assert.ok(lines.length > 1 && lines.every((line) => textWidth(line) <= 150));
  const pieces = wrapText('an incomprehensibilities', 60);
  assert.equal(pieces[0], 'an');
  assert.equal(pieces.join(''), 'anincomprehensibilities');
  assert.ok(pieces.every((piece) => textWidth(piece) <= 60));
  assert.deepEqual(wrapText('', 60), ['']);
});

test('widths are those of a wide font', () => {
  // Measured in DejaVu Sans at 13 px.
  const measured: [string, number][] = [
    ['LoRA at rank 8 trains 2.1 % of the 589,824 weights of a 768 x 768 layer', 467.6],
    ['Frozen base (distilgpt2, float32)', 206.8],
    ['1,000,000', 66.2],
  ];
  for (const [text, width] of measured) {
    const ratio = textWidth(text) / width;
    assert.ok(ratio >= 1 && ratio < 1.1, `${text}: ${ratio}`);
  }
});
