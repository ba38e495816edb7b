import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { lineChart } from '../../src/plot';

const ranks = [1, 2, 4, 8, 16, 32, 64];

// Look at the file after a wanted change: UPDATE_SNAPSHOTS=1 writes it anew.
test('the chart of ranks and parameters is the stored picture', () => {
  const figure = lineChart({
    title: 'LoRA at rank 8 trains 2.1 % of the 589,824 weights of a 768 x 768 layer',
    summary:
      'LoRA trains 1,536 weights at rank 1, 12,288 at rank 8 and 98,304 at rank 64; ' +
      'full fine-tuning trains 589,824.',
    x: { title: 'Rank r', scale: 'log' },
    y: { title: 'Trainable parameters', scale: 'log' },
    series: [
      { name: 'LoRA: r (d + k)', x: ranks, y: ranks.map((r) => r * (768 + 768)) },
      { name: 'Full fine-tuning: d k', x: ranks, y: ranks.map(() => 768 * 768) },
    ],
  });
  const drawn = figure['image/svg+xml'].replaceAll('><', '>\n<') + '\n';
  const file = resolve(__dirname, '../../../tests/plot/rank-vs-parameters.svg');
  if (process.env.UPDATE_SNAPSHOTS === '1') writeFileSync(file, drawn);
  assert.equal(drawn, readFileSync(file, 'utf8'));
});
