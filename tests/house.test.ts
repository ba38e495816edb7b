import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

const src = join(__dirname, '../../src');

/** What each room hands out. A name added or lost is a decision: change it here too. */
const DOORS: Record<string, string[]> = {
  runtime: [
    'AcceleratorError',
    'ArgumentError',
    'DisposedError',
    'LoraError',
    'NonFiniteError',
    'Random',
    'ShapeError',
    'bytesOf',
    'decodeBfloat16',
    'decodeFloat16',
    'describeAccelerator',
    'encodeFloat16',
    'isStrict',
    'memory',
    'peakBytes',
    'read',
    'registerOp',
    'runNativeOp',
    'runNativeOpOf',
    'runOverElements',
    'runOverRows',
    'runWebGpu',
    'useAccelerator',
  ],
  nn: [
    'Dropout',
    'Embedding',
    'Linear',
    'LinearLayer',
    'Module',
    'assertLastAxis',
    'assertPositiveIntegers',
    'countParameters',
    'linearNative',
    'linearProduct',
    'modulesOf',
    'multiplyWebGpu',
    'overRows',
  ],
  lora: [
    'Dora',
    'Linear',
    'LoRALayer',
    'LoRALinear',
    'Module',
    'applyLoraToLinear',
    'countParameters',
    'dora',
    'formatTrainableParameters',
    'forwardBeside',
    'freezeBaseModel',
    'gaussian',
    'injectLora',
    'kaimingUniform',
    'loraLinear',
    'mergeLora',
    'mergeLoraWeights',
    'orthogonal',
    'removeLora',
    'removeLoraFromLinear',
    'rsLora',
    'unmergeLoraWeights',
    'updatesOf',
    'valueFor',
  ],
  quant: [
    'HalfLinear',
    'LEVELS',
    'QuantizedLinear',
    'dequantize',
    'deriveNf4',
    'halfLinear',
    'memoryReport',
    'quantize',
    'quantizeLinear',
    'quantizeModel',
    'quantizedLinear',
  ],
  bank: ['AdapterBank', 'BASE_ALONE'],
  combine: [
    'byFactors',
    'bySvd',
    'cat',
    'combineAdapters',
    'dareLinear',
    'dareTies',
    'magnitudePrune',
    'sum',
    'ties',
  ],
  embeddings: [
    'LoRAEmbedding',
    'embeddingUpdatesOf',
    'injectEmbeddings',
    'mergeEmbeddings',
    'removeEmbeddings',
  ],
  starts: ['olora', 'pissa', 'startFromBase', 'toPlainLora'],
  safetensors: [
    'SafetensorsError',
    'quote',
    'readSafetensors',
    'writeFileAtomically',
    'writeSafetensors',
  ],
  peft: [
    'AdapterError',
    'convertFromMlx',
    'convertToMlx',
    'loadAdapter',
    'savePretrained',
    'trainWhole',
  ],
  gpt2: [
    'DownloadError',
    'GPT2',
    'HubError',
    'ModelFileError',
    'drawWeights',
    'generate',
    'generateText',
    'loadModel',
    'loadTokenizer',
    'readConfig',
    'readWeights',
    'saveModel',
    'weightShapes',
  ],
  train: [
    'IGNORED',
    'Optimizer',
    'adamW',
    'addDecayedWeights',
    'chain',
    'clipByGlobalNorm',
    'constant',
    'cosineDecay',
    'globalNorm',
    'linearCrossEntropy',
    'linearDecay',
    'loadCheckpoint',
    'loraPlus',
    'saveCheckpoint',
    'scaleByAdam',
    'scaleByName',
    'sparseCrossEntropy',
    'train',
    'warmUp',
  ],
  tasks: [
    'CORRUPTIONS',
    'ROLES',
    'SPLITS',
    'TaskError',
    'checkCritic',
    'checkReviser',
    'checkRow',
    'checkSolver',
    'criticPrompt',
    'criticRows',
    'drawProblems',
    'formatCritique',
    'formatSolution',
    'judge',
    'parseCritique',
    'parseSolution',
    'pretrainText',
    'reviserPrompt',
    'reviserRows',
    'solverPrompt',
    'solverRow',
    'solverRows',
    'tokenizerJson',
  ],
  finetune: [
    'BASE',
    'answerRows',
    'completePrompts',
    'completeTogether',
    'completionLogProbabilities',
    'completionLoss',
    'drawBatches',
    'drawPretrainingBatches',
    'encodeRows',
    'exactMatch',
    'makeBatch',
    'meanLoss',
    'readResults',
    'resultsFile',
  ],
  agents: [
    'answerFrom',
    'chooseVerdict',
    'findHardProblems',
    'runTeam',
    'trainingRows',
    'transcript',
  ],
  plot: ['FigureError', 'barChart', 'intervalChart', 'lineChart', 'trainingChart'],
  kernel: [
    'KernelError',
    'clearOutput',
    'definitionOf',
    'describeError',
    'display',
    'kernelSpec',
    'newDisplay',
    'newLiveDisplay',
    'reload',
  ],
  lesson: [
    'CheckFailed',
    'NotAttempted',
    'answerOr',
    'check',
    'hint',
    'normalQuantile',
    'predict',
    'progress',
    'solution',
    'todo',
  ],
};

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => join(folder, file));
}

describe('the house', () => {
  for (const [room, names] of Object.entries(DOORS)) {
    test(`the door of ${room} hands out these names and no others`, async () => {
      const door = (await import(join(__dirname, '../src', room))) as object;
      assert.deepEqual(
        Object.keys(door)
          .filter((name) => name !== 'default')
          .sort(),
        [...names].sort(),
      );
      const text = readFileSync(join(src, room, 'index.ts'), 'utf8');
      assert.doesNotMatch(text, /export \*/);
    });
  }

  test('src/lora without its kernels stays within 600 lines', () => {
    const files = sources(join(src, 'lora')).filter((file) => !file.includes('/kernels/'));
    const lines = files.reduce(
      (sum, file) => sum + readFileSync(file, 'utf8').split('\n').length,
      0,
    );
    assert.ok(files.length > 3 && lines <= 600, `${lines} lines`);
  });

  test('only runtime, kernel and cli read the environment; only cli and kernel print', () => {
    const offenders = (pattern: RegExp, rooms: string[]) =>
      sources(src).filter(
        (file) =>
          !rooms.some((room) => file.includes(`/src/${room}/`)) &&
          pattern.test(readFileSync(file, 'utf8')),
      );
    assert.deepEqual(offenders(/process\.env/, ['runtime', 'cli', 'kernel']), []);
    assert.deepEqual(offenders(/console\.|process\.std(out|err)\.write/, ['cli', 'kernel']), []);
  });
});

describe('the README', () => {
  interface Row {
    command: string;
    seconds: number;
  }
  const json = readFileSync(join(src, '../data/results/setup.json'), 'utf8');
  const readme = readFileSync(join(src, '../README.md'), 'utf8');

  for (const { command, seconds } of JSON.parse(json) as Row[]) {
    test(`tells the measured time of ${command}`, () => {
      const [minutes, rest] = [Math.floor(seconds / 60), Math.round(seconds % 60)];
      const time = minutes > 0 ? `${minutes} min ${rest} s` : `${Math.round(seconds)} s`;
      assert.ok(readme.includes(`${time} (${command})`), `${time} (${command})`);
    });
  }
});
