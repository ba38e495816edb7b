import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import ts from 'typescript';
import { copyOfProject, KernelSession } from './session';

/** The TypeScript watcher of the kernel needs a moment to hear of a new build. */
const NOTICED = 5_000;

describe('kernel and the project around it', () => {
  const project = copyOfProject();
  let kernel: KernelSession;
  before(async () => {
    build('demo', `export function twice(n: number): number {\n  return 2 * n;\n}\n`);
    kernel = await KernelSession.start(project);
  });
  after(() => kernel.stop());

  /** Builds src/<room>/index.ts of the copy, as the project's compiler would. */
  function build(room: string, source: string): void {
    const file = path.join(project, 'src', room, 'index.ts');
    const built = path.join(project, 'dist', 'src', room);
    const { CommonJS, ES2022 } = { ...ts.ModuleKind, ...ts.ScriptTarget };
    const compilerOptions = { module: CommonJS, target: ES2022, sourceMap: true };
    const options = { compilerOptions, fileName: path.relative(built, file) };
    const { outputText, sourceMapText = '' } = ts.transpileModule(source, options);
    const map = JSON.parse(sourceMapText) as { sources: string[] };
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.mkdirSync(built, { recursive: true });
    fs.writeFileSync(file, source);
    fs.writeFileSync(path.join(built, 'index.js'), outputText);
    map.sources = [options.fileName];
    fs.writeFileSync(path.join(built, 'index.js.map'), JSON.stringify(map));
    const declaration = ts.transpileDeclaration(source, options).outputText;
    fs.writeFileSync(path.join(built, 'index.d.ts'), declaration);
  }

  /** Runs a cell again until it prints what is expected, or the time is up. */
  async function eventually(code: string, expected: RegExp): Promise<void> {
    const deadline = Date.now() + NOTICED;
    let text = await kernel.text(code);
    while (!expected.test(text) && Date.now() < deadline) text = await kernel.text(code);
    assert.match(text, expected);
  }

  test('a cell stands in the folder of its notebook', async () => {
    assert.equal(await kernel.text('process.cwd()'), `${kernel.folder}\n`);
    fs.writeFileSync(path.join(kernel.folder, 'data.txt'), 'beside the notebook');
    const read = `import fs from 'node:fs';\nfs.readFileSync('data.txt', 'utf8')`;
    assert.equal(await kernel.text(read), 'beside the notebook\n');
  });

  test('it imports a built room, with its types', async () => {
    assert.equal(await kernel.text(`import { twice } from '../src/demo';\ntwice(21)`), '42\n');
    assert.match(
      await kernel.text(`twice('21')`),
      /^TypeScriptError: 1:7 - Argument of type 'string' is not assignable/,
    );
  });

  test('completion and inspection know the room', async () => {
    const code = `import * as demo from '../src/demo';\ndemo.tw`;
    const complete = await kernel.request('complete_request', { code, cursor_pos: code.length });
    assert.deepEqual(complete.content['matches'], ['twice']);
    const inspect = await kernel.request('inspect_request', {
      code: `twice(1)`,
      cursor_pos: 2,
      detail_level: 0,
    });
    const data = inspect.content['data'] as Record<string, string>;
    assert.match(data['text/plain'] ?? '', /twice\(n: number\): number/);
  });

  test('an error thrown in a room keeps its frame, in the line of the TypeScript source', async () => {
    build(
      'faulty',
      `interface Unused {\n  x: 1;\n}\nexport function fail(): void {\n  throw new RangeError('deep');\n}\n`,
    );
    const text = await kernel.text(`import { fail } from '../src/faulty';\n\nfail();`);
    assert.match(
      text,
      /^RangeError: deep\n {4}at (Object\.)?fail \(src\/faulty\/index\.ts:5:9\)\n {4}at In\[\d+\]:3:\d+$/,
    );
  });

  test('a rebuild is noticed: the types at once, the code after reload()', async () => {
    const source = `export function twice(n: number): number {
  return 2 * n + 1000;
}
export function thrice(n: number): number {
  return 3 * n;
}
`;
    const cell = `import { twice, thrice } from '../src/demo';\n[twice(1), thrice?.(1)]`;
    assert.match(await kernel.text(cell), /has no exported member 'thrice'/);
    build('demo', source);
    await eventually(cell, /^\[ 2, undefined \]/);
    await kernel.cell(`import { reload } from '../src/kernel';\nreload();`);
    assert.equal(await kernel.text(cell), '[ 1002, 3 ]\n');
    assert.equal(await kernel.text('reload(); 1 + 1'), '2\n');
  });

  test('a room that is not built is named, with what to do; built, it is found', async () => {
    const cell = `import { three } from '../src/later';\nthree`;
    assert.match(
      await kernel.text(cell),
      /Cannot find module '..\/src\/later'[^]*Build it with: npm run build/,
    );
    build('later', 'export const three = 3;\n');
    assert.equal(await kernel.text(cell), '3\n');
  });

  test('a room that is built while nobody asks for it does not stop the compiler', async () => {
    const cell = `import { four } from '../src/latest';\nfour`;
    assert.match(await kernel.text(cell), /Cannot find module/);
    build('latest', 'export const four = 4;\n');
    // Until the compiler's file watcher has told of it, and by then has two things to do.
    await pause(1500);
    assert.equal(await kernel.text(cell), '4\n');
    assert.equal(await kernel.text('1 + 1'), '2\n');
  });

  test('without any build the kernel lives on, and the next build is taken up', async () => {
    fs.rmSync(path.join(project, 'dist', 'src', 'demo'), { recursive: true });
    await eventually(`import { twice } from '../src/demo';\ntwice(1)`, /npm run build/);
    build('demo', `export function twice(n: number): number {\n  return -n;\n}\n`);
    await kernel.cell(`import { reload } from '../src/kernel';\nreload();`);
    await eventually(`import { twice } from '../src/demo';\ntwice(1)`, /^-1\n$/);
    assert.equal(kernel.terminal(), '');
  });
});
