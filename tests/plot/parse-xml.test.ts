import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml } from './parse-xml';

test('the checker of drawings reads what is well-formed and refuses what is not', () => {
  const parsed = parseXml('<a b="1 &lt; 2"><c/>x &amp; y</a>');
  assert.deepEqual(parsed, {
    name: 'a',
    attributes: { b: '1 < 2' },
    children: [{ name: 'c', attributes: {}, children: [], text: '' }],
    text: 'x & y',
  });
  const broken = ['<a>', '<a></b>', '<a/><b/>', '<a>1 < 2</a>', '<a>& b</a>', '<a b="1" b="2"/>'];
  for (const source of [...broken, '<a b=1/>', '<a>&nbsp;</a>', '<a>\u0007</a>', 'a', '</a>']) {
    assert.throws(() => parseXml(source), /^Error: parseXml/, source);
  }
});
