import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freshSeed } from '../../../tests/fresh';
import { writeTinyChatModel } from '../../../tests/tiny-chat-model';
import { homeRows } from '../../course/home';
import { Draw, useAccelerator } from '../../tensor/runtime';
import type { FineTuneStep } from '../../train';

const root = mkdtempSync(path.join(tmpdir(), 'lora-command-'));
const model = path.join(root, 'model');
const chats = path.join(root, 'rows.jsonl');
const texts = path.join(root, 'texts.jsonl');
after(() => rmSync(root, { recursive: true }));
before(async () => {
  await useAccelerator();
  await writeTinyChatModel(model);
  const rows = homeRows({ split: 'train', count: 60, seed: 1 });
  const write = (file: string, some: object[]) =>
    writeFileSync(file, some.map((row) => `${JSON.stringify(row)}\n`).join(''));
  write(chats, rows);
  write(
    texts,
    rows.map(({ messages }) => ({ text: messages[1]?.content })),
  );
});

/** A command in a process of its own. */
function start(name: 'finetune' | 'chat', args: string[], input = '') {
  const run = `require(${JSON.stringify(__dirname)}).${name}(${JSON.stringify(args)})`;
  const script = `${run}.then((code) => process.exit(code))`;
  const child = spawn(process.execPath, ['-e', script], {
    env: { ...process.env, LORA_BACKEND: 'js' },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  }
  child.stdin.end(input);
  const ended = new Promise<{ code: number | null; text: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, text })),
  );
  return { child, ended };
}

const finetune = (data: string, out: string, ...more: string[]) =>
  start('finetune', [
    ...['--model', model, '--data', data, '--out', out],
    ...['--eval-steps', '5', '--batch-size', '4', ...more],
  ]);

function metricsOf(out: string): FineTuneStep[] {
  const file = path.join(out, 'metrics.jsonl');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as FineTuneStep);
}
const numbers = (steps: FineTuneStep[]) =>
  steps.map(({ step, loss, gradientNorm, validation }) => ({
    step,
    loss,
    gradientNorm,
    validation,
  }));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('npm run finetune', () => {
  test('trains on rows of a file, says what it does, and writes an adapter that chat talks with', async () => {
    const out = path.join(root, 'chats');
    const { code, text } = await finetune(chats, out).ended;
    assert.equal(code, 0, text);
    assert.match(text, /rows\.jsonl: 48 rows to learn from, 6 to choose by, 6 to judge by\./);
    assert.match(text, /48 rows of [\d,]+ tokens, [\d,]+ of them learned \(\d+ %\)/);
    assert.match(text, /<s>assistant\n {2}\[\[\{"name":.*\}<\/s>\]\]/);
    assert.match(text, /step 35: validation loss \d\.\d+ ± \d\.\d+.* tokens\/s/);
    assert.match(text, /exact answers/);
    assert.match(text, /right: \{"name"/);
    assert.match(text, /Talk to it: npm run chat -- --adapter /);
    assert.equal(metricsOf(out).length, 36);
    const talk = await start('chat', ['--adapter', out, '--max-new-tokens', '4'], 'Hi\n/new\nHo\n')
      .ended;
    assert.equal(talk.code, 0, talk.text);
    assert.match(talk.text, /With the adapter in /);
  });

  const seed = freshSeed();
  test(
    `killed at 20 moments it goes on, to the bit (seed ${seed})`,
    { timeout: 900_000 },
    async () => {
      const [whole, out] = [path.join(root, 'whole'), path.join(root, 'killed')];
      assert.equal((await finetune(texts, whole).ended).code, 0);
      const draw = new Draw(seed, 'kills');
      let kills = 0;
      for (let isFirst = true; ; isFirst = false) {
        const resume = !isFirst && existsSync(path.join(out, 'checkpoint.safetensors'));
        if (!isFirst && !resume) rmSync(out, { recursive: true, force: true });
        const { child, ended } = finetune(texts, out, ...(resume ? ['--resume'] : []));
        if (kills < 20) {
          const [steps, before] = [draw.int(2, 6), metricsOf(out).length];
          const isRunning = () => child.exitCode === null;
          while (isRunning() && metricsOf(out).length < Math.min(before, 35) + steps)
            await pause(2);
          await pause(draw.int(0, 30));
          if (isRunning()) {
            child.kill('SIGKILL');
            kills += 1;
          }
        }
        const { code, text } = await ended;
        if (code === 0) break;
        assert.equal(code, null, text);
      }
      assert.deepEqual(numbers(metricsOf(out)), numbers(metricsOf(whole)));
      const weights = (folder: string) =>
        readFileSync(path.join(folder, 'adapter_model.safetensors'));
      for (const place of ['.', 'last']) {
        assert.deepEqual(weights(path.join(out, place)), weights(path.join(whole, place)), place);
      }
    },
  );
});
