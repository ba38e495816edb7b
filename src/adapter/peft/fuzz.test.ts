import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, mock, test } from 'node:test';
import seedrandom from 'seedrandom';
import { Net, peftCases } from '../../../tests/peft-cases';
import { removeLora } from '../../lora';
import { LoraError } from '../../tensor/errors';
import { memory, useAccelerator } from '../../tensor/runtime';
import { loadAdapter } from './load-adapter';

const RUNS = Number(process.env.FUZZ_RUNS ?? 500);
const SECONDS = 5; // for one file; a hostile pattern is stopped after one second

// Other files on each accelerator.
const random = seedrandom(`adapters ${process.env.LORA_BACKEND}`);
const below = (n: number) => Math.floor(random() * n);
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;

const cases = peftCases.filter(({ kind }) => kind === 'net');
const HOSTILE: unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 2 ** 53, 1e308, '', 'LORA', '..', '/etc/passwd', '\u0000'],
  ...[[], {}, [[]], [null], ['up', 3], { '': 1 }, { up: -1 }, { up: 1e9 }, { '(': 2 }, { '.*': 2 }],
  ...[
    '.*',
    '(',
    '[',
    '\\',
    '(?P<a>x)(?P<a>x)',
    '(?i)UP',
    '(?x) up',
    'all-linear',
    '\ud800',
    '{,9}',
  ],
  ...[
    'x'.repeat(100_000),
    '('.repeat(50_000),
    `${'(a|'.repeat(5000)}`,
    ['up'].concat('x'.repeat(9)),
  ],
  ...[{ toString: 1 }, { constructor: { prototype: {} } }, [1e9, -1], 'F64', 'BF16', 'I64'],
];
/** Takes a second to be stopped, so it is rare. */
const SLOW = '(.*)*(.+)+(.*)*!';

/** Some bytes changed, left out, put in, or the end cut off. */
function mutateBytes(bytes: Buffer, reach = bytes.length): Buffer {
  const at = below(Math.min(reach, bytes.length));
  switch (below(4)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(8))]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), randomBytes(), bytes.subarray(at)]);
    default: {
      const changed = Buffer.from(bytes);
      for (let i = 0; i <= below(4); i++) changed[below(reach)] = below(256);
      return changed;
    }
  }
}

function randomBytes(): Buffer {
  return Buffer.from(Array.from({ length: 1 + below(9) }, () => below(256)));
}

/** The JSON with a value somewhere in it replaced, or a key put in or left out. */
function mutateJson(json: Record<string, unknown>): Record<string, unknown> {
  const changed = structuredClone(json);
  const key = random() < 0.1 ? pick(['__proto__', 'constructor', 'x']) : pick(Object.keys(json));
  const value = changed[key];
  const isDeep = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  const into = (isDeep && random() < 0.7 ? value : changed) as Record<string, unknown>;
  const place = into === changed ? key : pick(Object.keys(into));
  if (random() < 0.15) Reflect.deleteProperty(into, place);
  else {
    const put = random() < 0.0003 ? SLOW : pick(HOSTILE);
    Object.defineProperty(into, place, { value: put, enumerable: true, configurable: true });
  }
  return changed;
}

function mutateConfig(text: string): Buffer {
  if (random() < 0.3) return mutateBytes(Buffer.from(text));
  let json = JSON.parse(text) as Record<string, unknown>;
  for (let i = 0; i <= below(2); i++) json = mutateJson(json);
  return Buffer.from(JSON.stringify(json));
}

function mutateWeights(bytes: Buffer): Buffer {
  const length = Number(bytes.readBigUInt64LE());
  if (random() < 0.5) return mutateBytes(bytes, random() < 0.8 ? 8 + length : undefined);
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<string, unknown>;
  const text = Buffer.from(JSON.stringify(mutateJson(header)));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, text, bytes.subarray(8 + length)]);
}

before(useAccelerator);

describe(`${RUNS} broken adapters`, () => {
  test('give typed errors in little time and memory, and nothing outside is read', async () => {
    const folder = await fs.mkdtemp(path.join(tmpdir(), 'peft-fuzz-'));
    after(() => fs.rm(folder, { recursive: true }));
    const files = ['adapter_config.json', 'adapter_model.safetensors'].map((name) =>
      path.join(folder, name),
    ) as [string, string];
    const model = new Net();
    const start = memory().tensors;
    const counts = { loaded: 0, refused: 0 };
    for (let run = 0; run < RUNS; run++) {
      const { config, weights } = pick(cases);
      const bytes = Buffer.from(weights, 'base64');
      const which = below(3);
      const broken = [
        which === 1 ? Buffer.from(config) : mutateConfig(config),
        which === 0 ? bytes : mutateWeights(bytes),
      ];
      for (const [i, file] of files.entries()) await fs.writeFile(file, broken[i] as Buffer);
      const began = Date.now();
      const touched = await pathsTouched(async () => {
        await loadAdapter(model, folder).then(
          ({ restoreBase }) => {
            counts.loaded++;
            restoreBase();
          },
          (error: Error) => {
            counts.refused++;
            assert.ok(error instanceof LoraError, `run ${run}: ${error.stack}`);
            assert.ok(error.message.length < 20_000, `run ${run}: ${error.message.length} letters`);
          },
        );
      });
      assert.deepEqual(
        touched.filter((one) => ![folder, ...files].includes(one)),
        [],
      );
      assert.ok(Date.now() - began < 1000 * SECONDS, `run ${run}: ${Date.now() - began} ms`);
      removeLora(model);
    }
    assert.equal(memory().tensors, start);
    assert.ok(counts.loaded > RUNS / 100 && counts.refused > RUNS / 2, JSON.stringify(counts));
  });
});

/** Every path that a function of the file system is given meanwhile. */
async function pathsTouched(run: () => Promise<void>): Promise<string[]> {
  const paths: string[] = [];
  for (const name of ['open', 'readFile', 'realpath', 'stat', 'writeFile', 'rename'] as const) {
    const real = fs[name] as (...args: unknown[]) => Promise<unknown>;
    const mocked = (...args: unknown[]) => {
      paths.push(String(args[0]));
      return real(...args);
    };
    mock.method(fs, name, mocked as never);
  }
  await run().finally(() => mock.reset()); // which also lets go of every call's results
  return paths;
}
