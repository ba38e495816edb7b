import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { FileError, readJson } from '../files/local';
import { quote } from '../tensor/errors';
import { isTokenId } from './transformer';

/** GPT-2's one special token, which its older files do not list. */
const END_OF_TEXT = '<|endoftext|>';

const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };

/**
 * Makes the content of tokenizer.json from GPT-2's older files, vocab.json and merges.txt, and
 * added_tokens.json beside them if it is there, as transformers converts them: a byte-level BPE.
 * @throws FileError listing what is missing, broken, or in one of the two files only
 */
export async function readBpe(
  caller: string,
  vocabFile: string,
  mergesFile: string,
): Promise<object> {
  const vocab = await readIds(caller, vocabFile);
  const added = await readAdded(caller, path.join(path.dirname(vocabFile), 'added_tokens.json'));
  if (Object.hasOwn(vocab, END_OF_TEXT)) added[END_OF_TEXT] ??= vocab[END_OF_TEXT] as number;
  const merges = await readMerges(caller, mergesFile, vocab);
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: Object.entries(added).map(([content, id]) => ({
      ...special,
      id,
      content,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: BYTE_LEVEL,
    post_processor: { ...BYTE_LEVEL, trim_offsets: false },
    decoder: BYTE_LEVEL,
    model: { type: 'BPE', vocab, merges, unk_token: null, dropout: null },
  };
}

async function readIds(caller: string, file: string): Promise<Record<string, number>> {
  const ids = await readJson(caller, file);
  const wrong = Object.entries(ids).find(([, id]) => !isTokenId(id));
  if (!wrong) return ids as Record<string, number>;
  const given = `${quote(wrong[0])} = ${quote(wrong[1])}`;
  throw new FileError(caller, file, [`each token must have an id from 0, got ${given}.`]);
}

async function readAdded(caller: string, file: string): Promise<Record<string, number>> {
  return existsSync(file) ? readIds(caller, file) : {};
}

/**
 * The pairs of merges.txt. A file that was cut short would make other tokens of each text, so each
 * token of more than one letter must come from a pair, and each pair must make a token.
 */
async function readMerges(
  caller: string,
  file: string,
  vocab: Readonly<Record<string, number>>,
): Promise<[string, string][]> {
  const fail = (fault: string, cause?: unknown): never => {
    throw new FileError(caller, file, [fault], cause);
  };
  const text = await readFile(file, 'utf8').catch((cause: Error) =>
    fail(`the file must be readable: ${cause.message}.`, cause),
  );
  const made = new Set<string>();
  const merges: [string, string][] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line === '' || line.startsWith('#version')) continue;
    const [a = '', b = '', ...more] = line.split(' ');
    if (b === '' || more.length > 0 || ![a, b, a + b].every((one) => Object.hasOwn(vocab, one))) {
      fail(
        `each line must be a pair of tokens that makes a third of vocab.json, got ${quote(line)}.`,
      );
    }
    merges.push([a, b]);
    made.add(a + b);
  }
  const lost = Object.keys(vocab).find(
    (token) => [...token].length > 1 && !made.has(token) && !/^<.*>$/.test(token),
  );
  if (lost !== undefined) {
    fail(
      `each token of vocab.json must come from a pair, got none for ${quote(lost)}. Is the file whole?`,
    );
  }
  return merges;
}
