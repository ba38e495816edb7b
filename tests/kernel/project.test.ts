import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import ts from 'typescript';
import { copyOfProject, KernelSession } from './session';

/** Milliseconds in which the kernel's TypeScript watcher must notice a new build. */
const NOTICED = 5_000;

describe('The Jupyter kernel in a project', () => {
  const project = copyOfProject();
  let kernel: KernelSession;
  before(async () => {
    build('demo', `export function twice(n: number): number {\n  return 2 * n;\n}\n`);
    kernel = await KernelSession.start(project);
  });
  after(() => kernel.stop());

  /** Compiles src/<room>/index.ts of the copy like the project's build. */
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

  /** Runs a cell repeatedly until it prints the expected text, or the time is up. */
  async function eventually(code: string, expected: RegExp): Promise<void> {
    const deadline = Date.now() + NOTICED;
    let text = await kernel.text(code);
    while (!expected.test(text) && Date.now() < deadline) text = await kernel.text(code);
    assert.match(text, expected);
  }

  test('runs a cell in the folder of its notebook', async () => {
    assert.equal(await kernel.text('process.cwd()'), `${kernel.folder}\n`);
    fs.writeFileSync(path.join(kernel.folder, 'data.txt'), 'next to the notebook');
    const read = `import fs from 'node:fs';\nfs.readFileSync('data.txt', 'utf8')`;
    assert.equal(await kernel.text(read), 'next to the notebook\n');
  });

  test('imports a built room with its types', async () => {
    assert.equal(await kernel.text(`import { twice } from '../src/demo';\ntwice(21)`), '42\n');
    assert.match(
      await kernel.text(`twice('21')`),
      /^TypeScriptError: 1:7 - Argument of type 'string' is not assignable/,
    );
  });

  test('completes and inspects names of the room', async () => {
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

  test('shows the TypeScript line of an error thrown in a room', async () => {
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

  test('notices a rebuild: types at once, code after reload()', async () => {
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
    await kernel.cell(`import { reload } from '../src/jupyter';\nreload();`);
    assert.equal(await kernel.text(cell), '[ 1002, 3 ]\n');
    assert.equal(await kernel.text('reload(); 1 + 1'), '2\n');
  });

  test('names a room that is not built and what to do, and finds it once built', async () => {
    const cell = `import { three } from '../src/later';\nthree`;
    assert.match(
      await kernel.text(cell),
      /Cannot find module '..\/src\/later'[^]*Build it with: npm run build/,
    );
    build('later', 'export const three = 3;\n');
    assert.equal(await kernel.text(cell), '3\n');
  });

  test('keeps compiling when a missing room is built between cells', async () => {
    const cell = `import { four } from '../src/latest';\nfour`;
    assert.match(await kernel.text(cell), /Cannot find module/);
    build('latest', 'export const four = 4;\n');
    // By then the compiler's file watcher has reported the file and has two timers pending.
    await pause(1500);
    assert.equal(await kernel.text(cell), '4\n');
    assert.equal(await kernel.text('1 + 1'), '2\n');
  });

  test('keeps running without a build, and uses the next one', async () => {
    fs.rmSync(path.join(project, 'dist', 'src', 'demo'), { recursive: true });
    await eventually(`import { twice } from '../src/demo';\ntwice(1)`, /npm run build/);
    build('demo', `export function twice(n: number): number {\n  return -n;\n}\n`);
    await kernel.cell(`import { reload } from '../src/jupyter';\nreload();`);
    await eventually(`import { twice } from '../src/demo';\ntwice(1)`, /^-1\n$/);
    assert.equal(kernel.terminal(), '');
  });
});
