import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import ts from 'typescript';
import { type Cell, codeCells, exercisesOf, runNotebook } from '../notebook';

const root = join(__dirname, '../../..');
const folder = join(root, 'notebooks');
/** The longest, which is the last, is started first. */
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.ipynb'))
  .reverse();
const saved = join(root, 'artifacts/notebooks', process.env.LORA_BACKEND ?? 'default');

/** Cells that only define something have nothing to show. */
const isDefinition = (cell: Cell) =>
  ts
    .createSourceFile('cell.ts', cell.source.join(''), ts.ScriptTarget.ES2022)
    .statements.every(
      (one) =>
        ts.isFunctionDeclaration(one) || ts.isClassDeclaration(one) || ts.isImportDeclaration(one),
    );

const textOf = (cell: Cell | undefined) => JSON.stringify(cell?.outputs);

describe(`notebooks on ${process.env.LORA_BACKEND ?? 'the default accelerator'}`, () => {
  describe('run from top to bottom', { concurrency: 2 }, () => {
    for (const name of names) test(name, () => runNotebook(join(folder, name), saved));
  });

  for (const name of names) {
    const executed = () => codeCells(join(saved, name));

    test(`${name}: every cell ran in order and showed something`, () => {
      for (const [i, cell] of executed().entries()) {
        assert.equal(cell.execution_count, i + 1);
        assert.equal(cell.outputs.length > 0, !isDefinition(cell), `cell ${cell.id}`);
      }
    });

    test(`${name}: computed on the accelerator that was asked for`, () => {
      const forced = process.env.LORA_BACKEND;
      if (forced) assert.match(JSON.stringify(executed()), new RegExp(`Accelerator: ${forced},`));
    });

    test(`${name}, untouched, is attempted nowhere and uses reference answers`, () => {
      const cells = codeCells(join(saved, name));
      const checks = cells.filter(({ id }) => /^exercise-\d-check$/.test(id));
      assert.equal(checks.length, exercisesOf(name));
      for (const cell of checks) assert.match(textOf(cell), /○ not attempted/, cell.id);
      const uses = cells.filter(({ id }) => /^exercise-\d-use$/.test(id));
      assert.equal(uses.length, exercisesOf(name));
      for (const cell of uses) assert.match(textOf(cell), /reference answer/, cell.id);
    });
  }

  test('the base solves nothing, and with its adapter nine problems of ten', () => {
    const cells = codeCells(join(saved, '05b_finetune.ipynb'));
    const percent = (id: string) =>
      Number(
        /exact match of the (?:base|adapter): +([\d.]+) %(?![^]*exact)/.exec(
          textOf(cells.find((cell) => cell.id === id)),
        )?.[1],
      );
    assert.ok(percent('before') < 5);
    // A slow accelerator takes a few steps only, and says so.
    const speed = textOf(cells.find(({ id }) => id === 'speed'));
    if (speed.includes('only a taste')) assert.match(process.env.LORA_BACKEND ?? '', /wasm|webgpu/);
    else assert.ok(percent('after') >= 90, `${percent('after')} %`);
  });

  test('three adapters share one base, and a mixed batch says what each says alone', () => {
    const cells = codeCells(join(saved, '05c_agents.ipynb'));
    const textIn = (id: string) => textOf(cells.find((cell) => cell.id === id));
    const megabytes = (name: string) =>
      Number(new RegExp(`${name} +([\\d.]+) MB`).exec(textIn('memory'))?.[1]);
    assert.ok(Math.abs(megabytes('together:') - megabytes('tf.memory\\(\\) says')) < 0.02);
    assert.ok(megabytes('together:') < 0.45 * megabytes('three copies:'));
    const differences = [...textIn('mixed-same').matchAll(/difference (\S+?)\\n/g)];
    assert.equal(differences.length, 4);
    for (const [, one] of differences) assert.ok(Number(one) < 1e-3, one);
    const shown = cells.find(({ id }) => id === 'transcript')?.outputs[0]?.data;
    assert.match([shown?.['text/plain']].flat().join(''), /1 solver +proposes[^]*verdict: /);
    assert.match([shown?.['text/html']].flat().join(''), /<table[^]*verdict/);
  });

  test('no variant is shown to be better than LoRA, as the notebook says at its beginning', () => {
    const cells = codeCells(join(saved, '05d_variants.ipynb'));
    const output = (id: string) => textOf(cells.find((cell) => cell.id === id));
    const seeds = [...output('rows').matchAll(/solved: ((?:[\d.]+(?:, )?)+) %/g)].map(
      ([, shares = '']) => shares.split(', ').length,
    );
    assert.ok(
      seeds.length === 5 && new Set(seeds).size === 1 && Number(seeds[0]) >= 3,
      seeds.join(),
    );
    const compared = [
      ...output('noise').matchAll(/ - LoRA: [^,]*, (better|worse|no difference shown)/g),
    ];
    assert.equal(compared.length, 4);
    assert.ok(
      compared.every(([, shown]) => shown !== 'better'),
      output('noise'),
    );
  });

  test('the first step of Adam is as large at every rank under α / r, and grows under α / √r', () => {
    const cells = codeCells(join(saved, '05d_variants.ipynb'));
    const text = textOf(cells.find(({ id }) => id === 'rslora-chart'));
    const growth = (rule: string) =>
      Number(new RegExp(`α / ${rule}, step 1: [^x]*x ([\\d.]+)`).exec(text)?.[1]);
    assert.ok(growth('r') > 0.7 && growth('r') < 1.4, text);
    assert.ok(growth('√r') > 2, text);
  });

  test('a base in 4 bits takes 4.127 bits a weight, is trained, merged and quantised again', () => {
    const cells = codeCells(join(saved, '05e_qlora.ipynb'));
    const number = (id: string, pattern: RegExp) =>
      Number(pattern.exec(textOf(cells.find((cell) => cell.id === id)))?.[1]);
    const bits = number('load', /([\d.]+) bits a weight/);
    assert.ok(Math.abs(bits - 4.127) < 0.01 * 4.127, `${bits} bits a weight`);
    const isTaste = textOf(cells.find(({ id }) => id === 'quant')).includes('only a taste');
    if (isTaste) assert.match(process.env.LORA_BACKEND ?? '', /wasm|webgpu/);
    const trained = number('merge', /with the adapter: ([\d.]+)/);
    assert.ok(trained < (isTaste ? 4 : 0.6), `test loss ${trained}`);
    const merged = number('merge', /in float32: ([\d.]+)/);
    assert.ok(Math.abs(merged - trained) <= 2e-4, `${merged}, ${trained}`);
    const again = number('merge', /4 bits again: +([\d.]+)/);
    // What two steps have learnt is rounded away again.
    assert.ok(again !== merged && again < (isTaste ? 4 : 1.1 * merged), `${again}`);
  });

  test("the reference answers of 05f give what the model's own parts give", () => {
    const cells = codeCells(join(saved, '05f_todays_models.ipynb'));
    for (const id of ['exercise-1-use', 'exercise-3-use', 'exercise-4-use']) {
      const [, apart] =
        /apart by (\S+?)\\n/.exec(textOf(cells.find((cell) => cell.id === id))) ?? [];
      assert.ok(Number(apart) < 2e-4, `${id}: ${apart}`);
    }
  });

  test('SmolLM2 answers, and one step of LoRA lowers the loss; without it, cells say so', () => {
    const cells = codeCells(join(saved, '05f_todays_models.ipynb'));
    const text = (id: string) => textOf(cells.find((cell) => cell.id === id));
    if (text('load').includes('Left out')) {
      for (const id of ['parts-chart', 'chat-template', 'talk', 'lora', 'first-step', 'remove']) {
        assert.match(text(id), /Left out: SmolLM2 is not here, /, id);
      }
      const isSoftware = /software/.test(text('load'));
      assert.ok(isSoftware || !process.env.CI, 'with CI=true SmolLM2 must be there');
      return;
    }
    assert.match(text('load'), /134,515,008 parameters/);
    assert.match(text('talk'), /The capital of France/);
    assert.match(text('lora'), /trainable params: 460,800 /);
    const losses = /loss ([\d.]+) -> ([\d.]+)/.exec(text('first-step'))?.slice(1).map(Number);
    const [first = NaN, second = NaN] = losses ?? [];
    assert.ok(second < first - 0.1, `${first} -> ${second}`);
    // The adapter taken off, the model says what it said before it.
    const answer = (id: string) => /The owl in our[^\\]*/.exec(text(id))?.[0];
    assert.equal(answer('remove'), answer('lesson'));
  });

  test('05g trains SmolLM2 on the rows of the home, and its adapter loads again', () => {
    const cells = codeCells(join(saved, '05g_your_data.ipynb'));
    const text = (id: string) => textOf(cells.find((cell) => cell.id === id));
    assert.match(text('rows'), /train: 600 rows[^]*valid: 60 rows[^]*test: 200 rows/);
    assert.match(text('faults'), /mine\.jsonl:1:[^]*mine\.jsonl:4:/);
    assert.match(text('exercise-3-use'), /positions 0 1 2 0 1/);
    if (text('load').includes('Left out')) {
      for (const id of ['show-labels', 'before', 'train', 'after', 'scale', 'load-again']) {
        assert.match(text(id), /Left out: SmolLM2 is not here, /, id);
      }
      return;
    }
    const [, same, labels] = /(\d+) of (\d+) labels/.exec(text('exercise-1-use')) ?? [];
    assert.ok(Number(labels) > 30 && same === labels);
    assert.match(text('train'), /Step 2 of 2[^]*On rows held back it is/);
    const [, equal, all] = /(\d+) of (\d+) answers/.exec(text('load-again')) ?? [];
    assert.ok(Number(all) > 0 && equal === all);
  });

  // `UPDATE_SNAPSHOTS=1 npm test` draws the picture anew.
  test("the lesson's chart is the picture in the README", () => {
    const cells = codeCells(join(saved, '05_lora_peft.ipynb'));
    const cell = cells.find(({ id }) => id === 'rank-chart');
    const svg = `${[cell?.outputs[0]?.data?.['image/svg+xml']].flat().join('')}\n`;
    const picture = join(root, 'data/rank-chart.svg');
    if (process.env.UPDATE_SNAPSHOTS) writeFileSync(picture, svg);
    assert.equal(svg, readFileSync(picture, 'utf8'));
  });
});
