import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Definition } from '../../jupyter';
import { merge } from '../exercises';
import type { State, Verdict } from '../judge';
import { showVerdict } from './show-verdict';

const origin = { cell: 'In[3]', source: 'function mergeLoraWeights() {\n  return 1;\n}', line: 1 };

function shown(verdict: Verdict, definition: Definition = { value: 1, origin }) {
  const bundle = showVerdict(merge, verdict, {
    definitionOf: () => definition,
    describeError: (thrown) => [
      String(thrown),
      '    at f (In[3]:2:3)',
      '    at judge (src/x.ts:1:1)',
    ],
    progress: '3 of 5 done',
  });
  return { html: String(bundle['text/html']), text: String(bundle['text/plain']) };
}

const FAILED: Verdict = {
  state: 'failed',
  part: 'mergeLoraWeights',
  message: 'the scale is missing.',
  findings: [
    { input: 'w0 [5, 3]', passed: true, expected: '1', got: '1' },
    { input: 'w0 [4, 9]', passed: false, expected: '2', got: '3', difference: 1 },
  ],
};

describe('showVerdict', () => {
  test('shows a state as a symbol and a word, in both forms', () => {
    const states: [State, string][] = [
      ['passed', '✓ passed'],
      ['failed', '✗ failed'],
      ['not attempted', '○ not attempted'],
      ['not defined', '? not defined'],
      ['threw', '! threw'],
      ['timed out', '… timed out'],
    ];
    for (const [state, mark] of states) {
      const { html, text } = shown({ state, message: 'm', findings: [] });
      assert.ok(text.startsWith(`${mark}: Exercise 4`), text);
      assert.ok(html.includes(mark), html);
    }
  });

  test('shows input, expected, got and the largest difference of a failed case', () => {
    const { text, html } = shown(FAILED);
    for (const part of ['w0 [4, 9]', 'expected', 'got', 'largest difference', 'scale is missing']) {
      assert.ok(text.includes(part) && html.includes(part), part);
    }
    assert.ok(!text.includes('w0 [5, 3]'), 'the case that passed');
    assert.ok(text.includes("hint('merge')") && text.includes('3 of 5 done'));
  });

  test('says which functions are right already', () => {
    assert.doesNotMatch(shown({ ...FAILED, right: [] }).text, /already/);
    const { text } = shown({ ...FAILED, state: 'not attempted', right: ['first', 'second'] });
    assert.match(text, /✓ right already: first, second/);
  });

  test('shows a note beside a pass', () => {
    const { text } = shown({
      ...FAILED,
      state: 'passed',
      findings: [],
      notes: ['2 tensors stay.'],
    });
    assert.match(text, /^✓ passed[^]*Note: 2 tensors stay\./);
  });

  test('shows the source that it checked, or the error of a newer cell that failed', () => {
    assert.match(shown(FAILED).text, /Checked: mergeLoraWeights from In\[3\]\n {4}function merge/);
    const failed = { cell: 'In[7]', message: '2:10 - Cannot find name' };
    const { text } = shown(FAILED, { value: 1, origin, failed });
    assert.match(text, /\n {4}2:10 - Cannot find name/);
    assert.doesNotMatch(text, /Checked:/);
  });

  test('shows the line of the answer that threw, and the frames in cells', () => {
    const { text } = shown({ ...FAILED, state: 'threw', thrown: new Error('oh') });
    assert.match(text, /In\[3\], line 2: {2}return 1;\n +at f \(In\[3\]:2:3\)\n/);
    assert.doesNotMatch(text, /src\/x/);
  });

  test('escapes all text of the learner, and takes its colours from the theme', () => {
    const evil = '<img src=x onerror="alert(1)">';
    const { html } = shown(
      {
        ...FAILED,
        message: evil,
        findings: [{ input: evil, passed: false, expected: evil, got: evil }],
        thrown: evil,
      },
      {
        value: 1,
        origin: { cell: evil, source: evil, line: 1 },
        failed: { cell: evil, message: evil },
      },
    );
    assert.ok(!html.includes('<img'), html);
    const colours = html.match(/(?<![-\w])(?:color|background|border[-\w]*): [^;"]*/g) ?? [];
    assert.ok(colours.length > 3);
    for (const colour of colours) {
      assert.match(colour, /--jp-|inherit|none|collapse/);
    }
  });
});
