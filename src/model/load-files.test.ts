/* The files that a model may have, and what is said where they are not. */
import assert from 'node:assert/strict';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { FIXTURES } from '../../tests/fixture';
import { type HubPeer, startHub } from '../../tests/hub-peer';
import { readSafetensors, type TensorToWrite, writeSafetensors } from '../files/safetensors';
import { memory, read, useAccelerator } from '../tensor/runtime';
import { loadModel } from './load';
import { loadTokenizer } from './load-tokenizer';

const fixture = path.join(FIXTURES, 'gpt2_tiny');
const INDEX = 'model.safetensors.index.json';
const root = mkdtempSync(path.join(tmpdir(), 'load-files-'));
let folder = '';

after(() => rmSync(root, { recursive: true }));
before(useAccelerator);
beforeEach(() => {
  folder = mkdtempSync(path.join(root, 'model-'));
  process.env.HF_HUB_CACHE = path.join(folder, 'hub');
});

async function logitsOf(nameOrFolder: string, options = {}): Promise<Float32Array> {
  const model = await loadModel(nameOrFolder, options);
  const y = tf.tidy(() => model.forward(model.idsTensor([[3, 1, 4, 1, 5]])));
  return read(y).finally(() => {
    y.dispose();
    model.dispose();
  });
}

/** Writes the fixture's model in shards, as Python's `save_pretrained` does; tensor i goes to i % n. */
async function writeShards(at: string, n: number): Promise<Record<string, string>> {
  const names = Array.from({ length: n }, (_, i) => `model-0000${i + 1}-of-0000${n}.safetensors`);
  const parts = names.map(() => new Map<string, TensorToWrite>());
  const map: Record<string, string> = {};
  const reader = await readSafetensors(path.join(fixture, 'model.safetensors'));
  for (const [i, [name, { shape }]] of [...reader.tensors].entries()) {
    parts[i % n]?.set(name, { shape, values: await reader.read(name) });
    map[name] = names[i % n] as string;
  }
  await reader.close();
  for (const [i, name] of names.entries()) {
    await writeSafetensors(path.join(at, name), parts[i] ?? new Map(), { format: 'pt' });
  }
  writeIndex(at, map);
  copyFileSync(path.join(fixture, 'config.json'), path.join(at, 'config.json'));
  return map;
}

const writeIndex = (at: string, weight_map: unknown) =>
  writeFileSync(path.join(at, INDEX), JSON.stringify({ metadata: { total_size: 1 }, weight_map }));

/** Fails unless loading fails with a FileError like this, and frees what it read. */
async function refuses(run: () => Promise<unknown>, pattern: RegExp): Promise<void> {
  const start = memory();
  await assert.rejects(run, (error: Error) => {
    assert.match(`${error.name} ${error.message}`, pattern);
    return true;
  });
  assert.deepEqual(memory(), start);
}

describe('a model in shards', () => {
  for (const n of [1, 2, 5]) {
    test(`${n} of them: computes what the whole file does`, async () => {
      await writeShards(folder, n);
      assert.deepEqual(await logitsOf(folder), await logitsOf(fixture));
    });
  }

  test('comes after the whole file if both are there', async () => {
    cpSync(fixture, folder, { recursive: true });
    writeFileSync(path.join(folder, INDEX), 'left over');
    assert.deepEqual(await logitsOf(folder), await logitsOf(fixture));
  });

  test('a broken index or shard is refused, each by its name', async () => {
    const map = await writeShards(folder, 2);
    const [first = '', second = ''] = Object.keys(map);
    const load = () => loadModel(folder);
    for (const [change, pattern] of [
      [null, /FileError .*index\.json: weight_map must map tensors to files, got null/],
      [[], /weight_map must map tensors to files, got \[\]/],
      [{}, /weight_map must name 1 to 1000 files, got 0/],
      [{ ...map, x: '../x.safetensors' }, /in the same folder, got "\.\.\/x\.safetensors"/],
      [{ ...map, x: '/x.safetensors' }, /in the same folder, got "\/x\.safetensors"/],
      [{ ...map, x: 'x.bin' }, /must name safetensors files .* got "x\.bin"/],
      [{ ...map, x: 7 }, /must name safetensors files .* got 7/],
      [
        { ...map, [first]: map[second] },
        /must be in model-00002-of-00002\.safetensors, but is not/,
      ],
      [{ ...map, x: 'y.safetensors' }, /y\.safetensors: the file must be there, but .*only holds/],
    ] as const) {
      writeIndex(folder, change);
      await refuses(load, pattern);
    }
    writeIndex(folder, Object.fromEntries(Object.entries(map).slice(1)));
    await refuses(load, new RegExp(`FileError .*${first.replaceAll('.', '\\.')} is missing`));
    writeIndex(folder, map);
    truncateSync(path.join(folder, map[first] as string), 1000);
    await refuses(load, /SafetensorsError .*model-00001-of-00002\.safetensors: /);
  });
});

describe('a model whose files are not there', () => {
  const load = () => loadModel(folder);
  const weightless = () =>
    copyFileSync(path.join(fixture, 'config.json'), path.join(folder, 'config.json'));

  test('an empty folder, and one with other files', async () => {
    await refuses(
      load,
      /FileError loadModel: .*config\.json: the file must be there, but its folder is empty\./,
    );
    for (const name of 'abcdefg') writeFileSync(path.join(folder, name), '');
    await refuses(load, /but its folder only holds a, b, c, d, e and 2 more\./);
    weightless();
    await refuses(
      load,
      /model\.safetensors: the file must be there, but .*model\.safetensors\.index\.json would do as well/,
    );
    await refuses(() => loadModel(path.join(folder, 'a')), /but .*a is no folder\./);
  });

  for (const pickle of ['pytorch_model.bin', 'pytorch_model-00001-of-00002.bin']) {
    test(`but ${pickle} is: refused by name, with the way to convert it`, async () => {
      weightless();
      writeFileSync(path.join(folder, pickle), 'pickle');
      await refuses(
        load,
        new RegExp(`${pickle} is unsupported: it is a pickle.*Convert it .*AutoModelForCausalLM`),
      );
    });
  }

  test('a folder that hides a model of the hub is said to', async () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      mkdirSync('distilgpt2');
      mkdirSync('owner/name', { recursive: true });
      for (const name of ['distilgpt2', 'owner/name']) {
        const pattern = new RegExp(
          `FileError .*folder is empty\\. The folder .*${name} hides the model ${name} of the hub: rename or delete it`,
        );
        await refuses(() => loadModel(name), pattern);
      }
    } finally {
      process.chdir(before);
    }
  });
});

describe('a model on the hub', () => {
  let peer: HubPeer;
  const served = path.join(root, 'served');
  const options = () => ({ hubUrl: peer.url });

  before(async () => {
    for (const name of ['shards', 'pickle', 'old'])
      mkdirSync(path.join(served, name), { recursive: true });
    await writeShards(path.join(served, 'shards'), 2);
    for (const name of ['pickle', 'old']) {
      copyFileSync(path.join(fixture, 'config.json'), path.join(served, name, 'config.json'));
    }
    writeFileSync(path.join(served, 'pickle', 'pytorch_model.bin'), 'pickle');
    writeOld(path.join(served, 'old'));
    const at = (name: string) => path.join(served, name);
    peer = await startHub({
      shards: at('shards'),
      pickle: at('pickle'),
      old: at('old'),
      tiny: fixture,
    });
  });
  after(() => peer.close());

  test('in shards is fetched whole, then loaded without any request', async () => {
    const expected = await logitsOf(fixture);
    assert.deepEqual(await logitsOf('shards', options()), expected);
    peer.asked = [];
    assert.deepEqual(await logitsOf('shards', options()), expected);
    assert.deepEqual(peer.asked, []);
  });

  test('that has pickles only is refused by name, and the pickle is not fetched', async () => {
    await refuses(
      () => loadModel('pickle', options()),
      /HubError loadModel: pickle on the hub must hold model\.safetensors or .*, got only pytorch_model\.bin is unsupported/,
    );
    assert.ok(!peer.asked.some(({ line }) => line.endsWith('.bin')));
  });

  test('has no tokenizer without the config of the model', async () => {
    for (const [given, got] of [
      [undefined, 'undefined'],
      [{}, 'Object'],
      [{ config: { vocabSize: 55 } }, 'Object'],
    ] as const) {
      await refuses(
        () => loadTokenizer('old', given as never, options()),
        new RegExp(
          `ArgumentError loadTokenizer: config must be .*, got ${got}\\. Write loadTokenizer\\(name, model\\.config\\)\\.`,
        ),
      );
    }
  });

  test('with vocab.json and merges.txt has a tokenizer', async () => {
    const config = { vocabSize: 55, maxPositions: 8, eosTokenIds: [] };
    const tokenizer = await loadTokenizer('old', config, options());
    assert.deepEqual(
      tokenizer.encode('that hat').ids,
      (await loadTokenizer(fixture, config)).encode('that hat').ids,
    );
  });

  test(
    'a damaged file of the cache is named, with what to do',
    { skip: process.platform === 'win32' },
    async () => {
      const model = await loadModel('tiny', options());
      const { config } = model;
      await loadTokenizer('tiny', config, options());
      model.dispose();
      const snapshot = path.join(
        folder,
        'hub/models--tiny/snapshots/0123456789abcdef0123456789abcdef01234567',
      );
      for (const [file, load] of [
        ['config.json', () => loadModel('tiny', options())],
        ['model.safetensors', () => loadModel('tiny', options())],
        ['tokenizer.json', () => loadTokenizer('tiny', config, options())],
      ] as const) {
        const blob = realpathSync(path.join(snapshot, file));
        const whole = readFileSync(blob);
        for (const length of [0, 100, whole.length - 3]) {
          writeFileSync(blob, whole.subarray(0, length));
          await refuses(
            load,
            new RegExp(
              `FileError load.*${file}: the file is damaged: its ${length} bytes must have the checksum [0-9a-f]+, got [0-9a-f]+\\. Delete .*${path.basename(blob)} and run`,
            ),
          );
        }
        unlinkSync(blob); // as the message says
        const loaded = await load();
        if ('dispose' in loaded) loaded.dispose();
        assert.deepEqual(readFileSync(blob), whole);
      }
    },
  );

  test('a fault of a whole file is no damage', async () => {
    await loadModel('tiny', options()).then((model) => model.dispose());
    await refuses(
      () => loadTokenizer('tiny', { vocabSize: 3, maxPositions: 8, eosTokenIds: [] }, options()),
      /FileError loadTokenizer: .*each token id must be below the model's vocab_size 3/,
    );
  });
});

/** The fixture's tokenizer as vocab.json and merges.txt. */
function writeOld(at: string): { vocab: Record<string, number>; merges: string[] } {
  const text = readFileSync(path.join(fixture, 'tokenizer.json'), 'utf8');
  const { model } = JSON.parse(text) as {
    model: { vocab: Record<string, number>; merges: [string, string][] };
  };
  const merges = model.merges.map((pair) => pair.join(' '));
  writeFileSync(path.join(at, 'vocab.json'), JSON.stringify(model.vocab));
  writeFileSync(path.join(at, 'merges.txt'), `#version: 0.2\n${merges.join('\n')}\n`);
  return { vocab: model.vocab, merges };
}

describe('vocab.json and merges.txt', () => {
  const config = { vocabSize: 60, maxPositions: 8, eosTokenIds: [] };
  const load = () => loadTokenizer(folder, config);

  test('make the tokens that tokenizer.json makes, and the text again', async () => {
    writeOld(folder);
    const [old, whole] = [await load(), await loadTokenizer(fixture, config)];
    for (const text of [
      'that',
      ' that hat',
      'the  an\nat',
      'at<|endoftext|>the',
      '<|endoftext|>',
    ]) {
      const { ids } = whole.encode(text);
      assert.deepEqual(old.encode(text).ids, ids, text);
      for (const skip_special_tokens of [true, false]) {
        assert.equal(
          old.decode(ids, { skip_special_tokens }),
          whole.decode(ids, { skip_special_tokens }),
        );
      }
    }
    assert.ok(whole.encode('that').ids.length < 4, 'no pair was merged');
  });

  test('added_tokens.json beside them counts, and Windows line ends do not', async () => {
    const { merges } = writeOld(folder);
    writeFileSync(path.join(folder, 'merges.txt'), `#version: 0.2\r\n${merges.join('\r\n')}\r\n`);
    writeFileSync(path.join(folder, 'added_tokens.json'), '{"<pad>": 57}');
    assert.deepEqual((await load()).encode('<pad><|endoftext|>').ids, [57, 0]);
    writeFileSync(path.join(folder, 'added_tokens.json'), '{"<pad>": 60}');
    await refuses(load, /each token id must be below the model's vocab_size 60, got "<pad>" = 60/);
  });

  test('that are missing, broken or cut short are refused', async () => {
    await refuses(load, /tokenizer\.json: the file must be there, .*vocab\.json would do as well/);
    const { vocab, merges } = writeOld(folder);
    const last = merges.at(-1) as string;
    const write = (lines: string[]) =>
      writeFileSync(path.join(folder, 'merges.txt'), `#version: 0.2\n${lines.join('\n')}`);
    for (const [lines, pattern] of [
      [merges.slice(0, -1), /must come from a pair, got none for ".*"\. Is the file whole\?/],
      [[], /must come from a pair/],
      [
        [...merges.slice(0, -1), last.split(' ')[0] as string],
        /each line must be a pair of tokens/,
      ],
      [[...merges, 'a t h'], /must be a pair of tokens .* got "a t h"/],
      [[...merges, 'at zzz'], /must be a pair of tokens that makes a third .* got "at zzz"/],
    ] as const) {
      write(lines as string[]);
      await refuses(load, pattern);
    }
    write(merges);
    writeFileSync(path.join(folder, 'vocab.json'), JSON.stringify({ ...vocab, x: -1 }));
    await refuses(load, /vocab\.json: each token must have an id from 0, got "x" = -1/);
    writeFileSync(path.join(folder, 'vocab.json'), '{"a": 1');
    await refuses(load, /vocab\.json: the file must hold a JSON object/);
    writeOld(folder);
    unlinkSync(path.join(folder, 'merges.txt'));
    await refuses(
      load,
      /merges\.txt: the file must be there, but its folder only holds vocab\.json/,
    );
  });
});
