import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import ts from 'typescript';
import { LoRALayer } from '../../src/lora';
import { Random, read, useAccelerator } from '../../src/tensor/runtime';
import { assertClose } from '../close';
import { codeCells } from '../notebook';

const root = join(__dirname, '../../..');
const file = join(root, 'notebooks/05_lora_peft.ipynb');

interface ScratchLayer {
  A: tf.Variable<tf.Rank.R2>;
  B: tf.Variable<tf.Rank.R2>;
  forward(x: tf.Tensor2D): tf.Tensor2D;
}

/** The class as the learner sees it in the notebook. */
function scratchClass(): new (k: number, d: number, r: number, alpha: number) => ScratchLayer {
  const cell = codeCells(file).find(({ id }) => id === 'scratch-layer');
  const { outputText } = ts.transpileModule(cell?.source.join('') ?? '', {
    compilerOptions: { target: ts.ScriptTarget.ES2022 },
  });
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  return new Function('tf', `${outputText}\nreturn MyLoRALayer;`)(tf) as ReturnType<
    typeof scratchClass
  >;
}

describe("the notebook's own LoRA layer", () => {
  before(useAccelerator);

  test('gives the outputs and gradients of src/lora on the same tensors', async () => {
    const [k, d, r, alpha] = [21, 13, 5, 8];
    const mine = new (scratchClass())(k, d, r, alpha);
    const lora = new LoRALayer({ inFeatures: k, outFeatures: d, r, alpha });
    const random = new Random(11);
    const A = random.normal<tf.Rank.R2>([r, k], 0, 1);
    const B = random.normal<tf.Rank.R2>([d, r], 0, 1);
    const x = random.normal<tf.Rank.R2>([7, k], 0, 1);
    const results = [mine, lora].map((layer) => {
      layer.A.assign(A);
      layer.B.assign(B);
      const loss = () => layer.forward(x).square().sum().asScalar();
      const { grads } = tf.variableGrads(loss, [layer.A, layer.B]);
      return [layer.forward(x), grads[layer.A.name], grads[layer.B.name]] as tf.Tensor[];
    });
    for (const [i, what] of ['forward', 'dA', 'dB'].entries()) {
      const [got, want] = results.map((tensors) => tensors[i] as tf.Tensor);
      assertClose(await read(got as tf.Tensor), await read(want as tf.Tensor), 1e-6, what);
    }
  });

  test('starts at zero', async () => {
    const fresh = new (scratchClass())(6, 4, 2, 3);
    assert.ok((await read(fresh.forward(tf.ones([3, 6])))).every((value) => value === 0));
  });
});

describe('an editor', () => {
  test("follows a cell's import to the type and to the source in src/", () => {
    const cell = join(file, '../cell.ts');
    const text = "import { LoRALayer } from '../src/lora';\nnew LoRALayer(3);\n";
    const options = { strict: true, moduleResolution: ts.ModuleResolutionKind.Node10 };
    const service = ts.createLanguageService({
      getCompilationSettings: () => options,
      getScriptFileNames: () => [cell],
      getScriptVersion: () => '1',
      getScriptSnapshot: (name) => {
        const source = name === cell ? text : ts.sys.readFile(name);
        return source === undefined ? undefined : ts.ScriptSnapshot.fromString(source);
      },
      getCurrentDirectory: () => join(file, '..'),
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: (name) => ts.sys.fileExists(name),
      readFile: (name) => ts.sys.readFile(name),
    });
    const [fault] = service.getSemanticDiagnostics(cell);
    const message = ts.flattenDiagnosticMessageText(fault?.messageText, '\n');
    assert.match(message, /'number' is not assignable to parameter of type 'LoRALayerOptions'/);
    const definitions = service.getDefinitionAtPosition(cell, text.lastIndexOf('LoRALayer'));
    assert.match(definitions?.[0]?.fileName ?? '', /\/src\/lora\/lora-layer\.ts$/);
  });
});
