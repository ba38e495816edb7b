import type { GgufValue } from '../../files/gguf';
import { FileError } from '../../files/local';
import { quote } from '../../tensor/errors';
import { byteLevelParts } from './byte-level';
import type { GgufTokenizer, TokenizerParts } from './gguf-tokenizer';
import { sentencePieceParts } from './sentence-piece';

/** The kinds of tokens, `tokenizer.ggml.token_type`. */
const [CONTROL, USER_DEFINED] = [3, 4];

/**
 * Makes the content of tokenizer.json from the metadata of a GGUF file.
 * @throws FileError if the tokenizer is broken, or of a kind that is not built
 */
export function tokenizerJson(
  caller: string,
  file: string,
  metadata: ReadonlyMap<string, GgufValue>,
): object {
  const source = sourceOf(metadata, (fault) => {
    throw new FileError(caller, file, [fault]);
  });
  const { addsBos, ...parts } = partsOf(source);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens(source),
    ...parts,
    post_processor: postProcessor(source, addsBos),
  };
}

function sourceOf(
  metadata: ReadonlyMap<string, GgufValue>,
  fail: (fault: string) => never,
): GgufTokenizer {
  const get = (key: string) => metadata.get(`tokenizer.ggml.${key}`);
  const list: GgufTokenizer['list'] = (key, kind) => {
    const items = get(key);
    if (Array.isArray(items) && items.every((item) => typeof item === kind)) return items as never;
    return fail(`tokenizer.ggml.${key} must be a list of ${kind}s, got ${quote(items)}.`);
  };
  const tokens = list('tokens', 'string');
  return { tokens, get, list, fail };
}

function partsOf(source: GgufTokenizer): TokenizerParts {
  const model = source.get('model');
  if (model === 'gpt2') return byteLevelParts(source);
  if (model === 'llama') return sentencePieceParts(source);
  return source.fail(
    `tokenizer.ggml.model must be gpt2 (byte-level BPE) or llama (SentencePiece), got ${quote(model)}.`,
  );
}

/** The tokens that are found in a text before it is split. */
function addedTokens({ tokens, get, list }: GgufTokenizer): object[] {
  const types = get('token_type') === undefined ? [] : list('token_type', 'number');
  return tokens.flatMap((content, id) => {
    const type = types[id];
    if (type !== CONTROL && type !== USER_DEFINED) return [];
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return [{ id, content, ...flags, special: type === CONTROL }];
  });
}

/** Adds the tokens that begin and end a text, if the file says so. */
function postProcessor(source: GgufTokenizer, addsBos: boolean): object | null {
  const token = (key: string, isAdded: boolean) => (isAdded ? [tokenOf(source, key)] : []);
  const begin = token('bos_token_id', (source.get('add_bos_token') ?? addsBos) === true);
  const end = token('eos_token_id', source.get('add_eos_token') === true);
  const added = [...begin, ...end];
  if (added.length === 0) return null;
  const place = ({ content }: { content: string }) => ({
    SpecialToken: { id: content, type_id: 0 },
  });
  const text = (id: string) => ({ Sequence: { id, type_id: 0 } });
  return {
    type: 'TemplateProcessing',
    single: [...begin.map(place), text('A'), ...end.map(place)],
    pair: [...begin.map(place), text('A'), ...begin.map(place), text('B'), ...end.map(place)],
    special_tokens: Object.fromEntries(
      added.map(({ id, content }) => [content, { id: content, ids: [id], tokens: [content] }]),
    ),
  };
}

function tokenOf({ tokens, get, fail }: GgufTokenizer, key: string) {
  const id = get(key) as number;
  const content = tokens[id];
  if (content !== undefined) return { id, content };
  return fail(`tokenizer.ggml.${key} must be the id of a token, got ${quote(get(key))}.`);
}
