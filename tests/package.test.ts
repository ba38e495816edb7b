import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import ts from 'typescript';
import { projectRoot } from '../src/files/local';
import { installPackage, runModule } from './installed-package';

const ENTRIES = ['tensor', 'lora', 'files', 'model', 'adapter', 'train'];
/** The tarball has neither the course, with its data, nor tests. */
const MOST_BYTES = 400_000;

const CONSUMER = `
import { savePretrained } from 'lora-notebooks/adapter';
import { FileError } from 'lora-notebooks/files';
import { injectLora, type InjectOptions } from 'lora-notebooks/lora';
import { type LanguageModel, loadModel } from 'lora-notebooks/model';
import { Linear, tf } from 'lora-notebooks/tensor';
import { type Batch, completionLoss, repeat, train, adamW } from 'lora-notebooks/train';

const options: InjectOptions = { targetModules: ['c_attn'], r: 8, alpha: 16 };
export async function adapt(batches: Batch[]): Promise<void> {
  const model: LanguageModel = await loadModel('distilgpt2');
  injectLora(model, options);
  const optimizer = adamW({ learningRate: 1e-3 });
  const loss = (batch: Batch): tf.Tensor => completionLoss(model, batch);
  const steps = train({ module: model, loss, batches: repeat(batches), optimizer, steps: 2 });
  for await (const { step } of steps) console.log(step.toFixed());
  await savePretrained(model, 'folder').catch((error) => console.log(error instanceof FileError));
}
// @ts-expect-error a misspelt option
export const wrong = () => new Linear({ inFeature: 1, outFeatures: 1 });
`;

describe('the package', () => {
  let folder = '';
  before(() => {
    folder = installPackage();
  });
  after(() => rmSync(folder, { recursive: true }));

  test('is small, and has no tests', () => {
    const [tarball = ''] = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
    const { size } = statSync(path.join(folder, tarball));
    assert.ok(size < MOST_BYTES, `${size} bytes`);
    const files = readdirSync(path.join(folder, 'node_modules/lora-notebooks'), {
      recursive: true,
      encoding: 'utf8',
    });
    assert.deepEqual(
      files.filter((file) => /\.test\.|\.map$|src.(course|cli|jupyter)/.test(file)),
      [],
    );
  });

  test('gives the names of each wing to import and to require', () => {
    const all = JSON.parse(
      readFileSync(path.join(projectRoot, 'tests/exports.json'), 'utf8'),
    ) as Record<string, string[]>;
    const wanted = Object.fromEntries(ENTRIES.map((entry) => [entry, all[entry]]));
    const imported = `
      const all = {};
      for (const entry of ${JSON.stringify(ENTRIES)}) {
        const names = Object.keys(await import('lora-notebooks/' + entry));
        all[entry] = names.filter((name) => !['default', 'module.exports', '__esModule'].includes(name)).sort();
      }
      console.log(JSON.stringify(all));`;
    assert.deepEqual(JSON.parse(runModule(folder, imported)), wanted);
    const required = `
      const all = {};
      for (const entry of ${JSON.stringify(ENTRIES)}) {
        all[entry] = Object.keys(require('lora-notebooks/' + entry)).sort();
      }
      console.log(JSON.stringify(all));`;
    const output = execFileSync(process.execPath, ['-e', required], { cwd: folder });
    assert.deepEqual(JSON.parse(output.toString()), wanted);
  });

  for (const [kind, extension, options] of [
    ['an ES module', 'mts', { module: ts.ModuleKind.Node16 }],
    ['CommonJS', 'cts', { module: ts.ModuleKind.Node16 }],
    [
      'a bundler',
      'ts',
      { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
    ],
    [
      'the older resolution',
      'ts',
      { module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10 },
    ],
  ] as const) {
    test(`has types for ${kind}`, () => {
      const file = path.join(folder, `consumer.${extension}`);
      writeFileSync(file, CONSUMER);
      const program = ts.createProgram([file], {
        ...options,
        target: ts.ScriptTarget.ES2022,
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: true,
        noEmit: true,
        types: ['node'],
        typeRoots: [path.join(folder, 'node_modules/@types')],
      });
      const faults = ts.getPreEmitDiagnostics(program);
      assert.deepEqual(
        faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
        [],
      );
    });
  }
});
