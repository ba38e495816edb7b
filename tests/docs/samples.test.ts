import assert from 'node:assert/strict';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import ts from 'typescript';
import { pages, root, type Sample, samplesOf } from './pages';

const samples = pages()
  .flatMap(samplesOf)
  .filter(({ language }) => language === 'ts');

/**
 * Where a sample is compiled: at the path that its first line names (`// src/lora/gain.ts`), or
 * else as a file of its own in notebooks/, where cells are.
 */
function placeOf({ page, line, code }: Sample): string {
  const [, named] = /^\/\/ ((?:src|tests)\/[\w./-]+\.ts)\n/.exec(code) ?? [];
  const own = `notebooks/${page.replace(/\W+/g, '-')}-${line}.ts`;
  return path.join(root, named ?? own);
}

/** tsconfig.json's options, for modules with `await` at their top, as cells may have it. */
function options(): ts.CompilerOptions {
  const file = path.join(root, 'tsconfig.json');
  const { config } = ts.readConfigFile(file, (name) => ts.sys.readFile(name)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  return {
    ...options,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    moduleDetection: ts.ModuleDetectionKind.Force,
    noEmit: true,
    incremental: false,
    tsBuildInfoFile: undefined,
    // A sample may end with the value it is about.
    noUnusedLocals: false,
  };
}

/** One program over all samples; each is a module, and knows the others only by import. */
function compile(): ts.Program {
  const settings = options();
  const texts = new Map(samples.map((sample) => [placeOf(sample), sample.code]));
  const disk = ts.createCompilerHost(settings);
  const textOf = (file: string) => texts.get(path.normalize(file));
  const host: ts.CompilerHost = {
    ...disk,
    readFile: (file) => textOf(file) ?? disk.readFile(file),
    fileExists: (file) => textOf(file) !== undefined || disk.fileExists(file),
    getSourceFile: (file, target, ...rest) => {
      const text = textOf(file);
      return text === undefined
        ? disk.getSourceFile(file, target, ...rest)
        : ts.createSourceFile(file, text, target);
    },
  };
  return ts.createProgram([...texts.keys()], settings, host);
}

function faultsOf(program: ts.Program, sample: Sample): string[] {
  const source = program.getSourceFile(placeOf(sample));
  assert.ok(source);
  const faults = [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ];
  return faults.map(({ start = 0, messageText }) => {
    const line = sample.line + source.getLineAndCharacterOfPosition(start).line;
    return `${sample.page}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

describe('the TypeScript samples compile', () => {
  let program: ts.Program;
  before(() => {
    program = compile();
  });

  test('each has a place of its own', () => {
    assert.ok(samples.length > 10);
    assert.equal(new Set(samples.map(placeOf)).size, samples.length);
  });

  for (const sample of samples) {
    test(`${sample.page}, line ${sample.line}`, () => {
      assert.deepEqual(faultsOf(program, sample), []);
    });
  }
});
