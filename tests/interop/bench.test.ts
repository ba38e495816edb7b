import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchSmolLM2, llamaShape } from '../../src/cli/bench';
import { makePeftPython } from '../../src/cli/setup';

const shape = llamaShape('tiny', {
  vocab_size: 1024,
  max_position_embeddings: 256,
  hidden_size: 48,
  intermediate_size: 80,
  num_hidden_layers: 2,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  head_dim: 8,
  rope_theta: 10000,
  rms_norm_eps: 1e-5,
});
const works = [
  { kind: 'step', batch: 2, time: 16, labelled: 1 },
  { kind: 'forward', batch: 2, time: 16 },
  { kind: 'generate', prompt: 8, newTokens: 6, adapter: true },
] as const;

// The bench throws before it times anything if losses, gradients, logits or tokens differ.
test('a tiny Llama with an adapter trains and generates as with PEFT, and the bench times both', async () => {
  if (process.env.INTEROP_PYTHON === undefined) await makePeftPython();
  const small = { shape, comparisons: [{ works, rounds: 1 }] };
  const rows = await benchSmolLM2('test', () => undefined, small);
  const what = ['machine', 'step', 'forward', 'generate', 'memory'];
  assert.deepEqual(
    rows.map((row) => row.what),
    what,
  );
  for (const row of rows.slice(1, -1)) assert.ok(Number(row.peftOverOurs) > 0, String(row.name));
  const { peakMegabytes } = rows.at(-1) as unknown as { peakMegabytes: Record<string, number> };
  assert.deepEqual(Object.keys(peakMegabytes), ['peft', 'ours']);
});
