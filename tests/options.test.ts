import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Tokenizer } from '@huggingface/tokenizers';
import {
  AdapterBank,
  bySvd,
  combineAdapters,
  convertFromMlx,
  convertToLora,
  convertToMlx,
  initFromBase,
  injectEmbeddings,
  loadAdapter,
  mergeEmbeddings,
  pissa,
  savePretrained,
  trainBaseParameters,
} from '../src/adapter';
import {
  answerFrom,
  barChart,
  drawPretrainingBatches,
  drawProblems,
  findHardProblems,
  intervalChart,
  lineChart,
  runTeam,
  solverRows,
  tokenizerJson,
  trainingChart,
} from '../src/course';
import { applyLoraToLinear, injectLora, LoRALayer, loraLayersOf, mergeLora } from '../src/lora';
import { generate, generateText, loadModel, loadTokenizer, saveModel } from '../src/model';
import {
  ArgumentError,
  Embedding,
  Linear,
  memoryReport,
  quantize,
  quantizedLinear,
  quantizeLinear,
  quantizeModel,
  useAccelerator,
} from '../src/tensor';
import {
  adamW,
  completionLoss,
  drawBatches,
  readData,
  encodeRows,
  saveCheckpoint,
  scaleByAdam,
  train,
} from '../src/train';
import { tinyGpt2 } from './tiny-gpt2';

/** A call with one unknown option more than it may have, as JavaScript allows it. */
type Call = (unknown: object) => unknown;

/** Any value, as in JavaScript. */
const any = (value: unknown) => value as never;

describe('an unknown option is refused by', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'options-'));
  after(() => rmSync(folder, { recursive: true }));
  before(useAccelerator);

  const model = () => tinyGpt2(40, []);
  const adapted = () => {
    const one = model();
    injectLora(one, { targetModules: ['c_attn'], r: 2, alpha: 4 });
    return one;
  };
  const linear = () => new Linear({ inFeatures: 32, outFeatures: 2 });
  const tokenizer = new Tokenizer(tokenizerJson(), {});
  const adapter = { targetModules: ['c_attn'], r: 2, alpha: 4 };
  const words = { title: 'A title', summary: 'A summary.' };
  const axis = { title: 'an axis' };

  const calls: Record<string, Call> = {
    mergeLora: (more) => mergeLora(adapted(), any(more)),
    initFromBase: (more) => initFromBase(adapted(), pissa, any(more)),
    loadAdapter: (more) => loadAdapter(model(), folder, any(more)),
    encodeRows: (more) => encodeRows(tokenizer, [], any(more)),
    injectLora: (more) => injectLora(model(), { ...adapter, ...more }),
    applyLoraToLinear: (more) => applyLoraToLinear(linear(), { r: 2, alpha: 4, ...more }),
    LoRALayer: (more) => new LoRALayer({ inFeatures: 2, outFeatures: 3, r: 2, alpha: 4, ...more }),
    Linear: (more) => new Linear({ inFeatures: 2, outFeatures: 3, ...more }),
    'Linear of weights': (more) => new Linear({ weight: linear().weight, ...more }),
    Embedding: (more) => new Embedding({ weight: linear().weight, ...more }),
    Module: (more) => linear().namedParameters(more),
    quantize: (more) => quantize(new Float32Array(64), more),
    quantizeLinear: (more) => quantizeLinear(linear(), more),
    quantizeModel: (more) => quantizeModel(model(), more),
    quantizedLinear: (more) => quantizedLinear(more),
    loadModel: (more) => loadModel(folder, more),
    loadTokenizer: (more) => loadTokenizer(folder, model().config, more),
    saveModel: (more) => saveModel(model(), folder, more),
    generate: (more) => generate(model(), [[1]], { maxNewTokens: 1, ...more }),
    generateText: (more) => generateText(model(), tokenizer, 'A', { maxNewTokens: 1, ...more }),
    savePretrained: (more) => savePretrained(adapted(), folder, more),
    trainBaseParameters: (more) => trainBaseParameters(adapted(), more),
    injectEmbeddings: (more) =>
      injectEmbeddings(model(), { targetModules: ['wpe'], r: 2, alpha: 4, ...more }),
    convertToMlx: (more) => convertToMlx(folder, folder, more),
    convertFromMlx: (more) => convertFromMlx(folder, folder, more),
    combineAdapters: (more) =>
      combineAdapters([{ layers: loraLayersOf(adapted()), weight: 1, ...more }], bySvd()),
    adamW: (more) => adamW({ learningRate: 1, ...more }),
    scaleByAdam: (more) => scaleByAdam(more),
    drawBatches: (more) =>
      drawBatches([{ ids: [1, 2], labels: [-1, 2] }], { size: 1, seed: 1, ...more }),
    readData: (more) => readData(folder, more),
    saveCheckpoint: (more) =>
      saveCheckpoint(
        path.join(folder, 'checkpoint.safetensors'),
        { module: adapted(), optimizer: adamW({ learningRate: 1 }) },
        { step: 1, ...more },
      ),
    train: (more) =>
      train({
        module: adapted(),
        loss: any(null),
        batches: [1],
        optimizer: adamW({ learningRate: 1 }),
        steps: 1,
        ...more,
      }).next(),
    barChart: (more) =>
      barChart({
        ...words,
        categories: ['a'],
        value: axis,
        series: [{ name: 'b', values: [1] }],
        ...more,
      }),
    intervalChart: (more) =>
      intervalChart({
        ...words,
        value: axis,
        points: [{ name: 'a', value: 1, low: 0, high: 2 }],
        ...more,
      }),
    lineChart: (more) =>
      lineChart({ ...words, x: axis, y: axis, series: [{ name: 'a', x: [1], y: [2] }], ...more }),
    trainingChart: (more) =>
      trainingChart({ history: [{ step: 1, loss: 1, seconds: 1 }], steps: 1, ...more }),
    drawProblems: (more) => drawProblems({ split: 'train', seed: 1, count: 1, ...more }),
    solverRows: (more) => solverRows({ split: 'train', seed: 1, count: 1, ...more }),
    drawPretrainingBatches: (more) =>
      drawPretrainingBatches(tokenizer, { size: 1, time: 1, seed: 1, ...more }).next(),
    findHardProblems: (more) =>
      findHardProblems(model(), tokenizer, { problems: 1, temperature: 0, ...more }),
    runTeam: (more) => runTeam([], any({ attempts: 1 }), any(null), more),
    answerFrom: (more) => answerFrom(any({ tokenizer }), more),
  };

  for (const [name, call] of Object.entries(calls)) {
    test(name, async () => {
      await assert.rejects(
        () => Promise.resolve().then(() => call({ zzUnknown: 1 })),
        (error) => {
          assert.ok(error instanceof ArgumentError, String(error));
          assert.match(
            error.message,
            /: (each option must be one of .*|there are no options), got zzUnknown\.$/,
          );
          return true;
        },
      );
    });
  }
});

test('options of functions that have none do not compile', () => {
  const wrong = () => [
    // @ts-expect-error PEFT's
    mergeLora(any(null), { safe_merge: true }),
    // @ts-expect-error PEFT's
    initFromBase(any(null), pissa, { niter: 4 }),
    // @ts-expect-error PEFT's
    loadAdapter(any(null), 'folder', { is_trainable: true }),
    // @ts-expect-error transformers'
    encodeRows(any(null), [], { max_length: 128 }),
  ];
  assert.equal(typeof wrong, 'function');
});

test('a key of PEFT in our spelling is refused by savePretrained: PEFT would ignore it', async () => {
  await useAccelerator();
  const model = tinyGpt2(40, []);
  injectLora(model, { targetModules: ['c_attn'], r: 2, alpha: 4 });
  await assert.rejects(savePretrained(model, 'nowhere', { config: { fanInFanOut: true } }), {
    name: 'ArgumentError',
    message: "savePretrained: config must have PEFT's keys, got fanInFanOut. Write fan_in_fan_out.",
  });
});

describe('another argument in the place of the model is named by', () => {
  const folder = 'a-folder';
  const calls: Record<string, (model: never) => unknown> = {
    injectLora: (model) => injectLora(model, any({})),
    mergeLora,
    injectEmbeddings: (model) => injectEmbeddings(model, any({})),
    mergeEmbeddings,
    initFromBase: (model) => initFromBase(model, pissa),
    convertToLora,
    trainBaseParameters: (model) => trainBaseParameters(model, {}),
    savePretrained: (model) => savePretrained(model, folder),
    loadAdapter: (model) => loadAdapter(model, folder),
    AdapterBank: (model) => new AdapterBank(model),
    saveModel: (model) => saveModel(model, folder),
    quantizeModel,
    memoryReport,
    generate: (model) => generate(model, [[1]], { maxNewTokens: 1 }),
    generateText: (model) => generateText(model, any(null), 'A', { maxNewTokens: 1 }),
    completionLoss: (model) => completionLoss(model, any({})),
  };

  for (const [name, call] of Object.entries(calls)) {
    test(name, async () => {
      for (const [given, advice] of [
        [folder, /got a-folder\. It comes before the other arguments\.$/],
        [Promise.resolve(), /got Promise\. Await it\.$/],
      ] as const) {
        await assert.rejects(
          () => Promise.resolve().then(() => call(any(given))),
          (error) => {
            assert.ok(error instanceof ArgumentError, String(error));
            assert.ok(error.message.startsWith(`${name}: model must be a Module, `), error.message);
            assert.match(error.message, advice);
            return true;
          },
        );
      }
    });
  }
});
