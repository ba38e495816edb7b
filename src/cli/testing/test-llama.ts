import { smolLM2Gguf } from '../../course/shipped';
import { makeLlamaCpp } from '../setup';
import { runTests } from './run-tests';
import { testFiles } from './test-suites';

/**
 * Fetches SmolLM2 and llama.cpp if they are missing, and compares what both make of the model.
 * @returns 0 if they agree
 * @throws SetupError if llama.cpp can't be installed, DownloadError if the model can't be fetched
 */
export async function llama(): Promise<number> {
  await makeLlamaCpp();
  await smolLM2Gguf({ say: console.log });
  return (await runTests({ files: testFiles('tests/llama') })).code ?? 1;
}
