import type { GgufTokenizer, TokenizerParts } from './gguf-tokenizer';

/** Stands for a space, U+2581. */
const SPACE = '▁';

/** The kind of tokens that are made by merges. */
const NORMAL = 1;

/** Makes SentencePiece's BPE: Llama 1 and 2, Mistral, Gemma. */
export function sentencePieceParts(source: GgufTokenizer): TokenizerParts {
  const { tokens, get } = source;
  const unknown = tokens[(get('unknown_token_id') ?? 0) as number];
  const hasPrefix = get('add_space_prefix') !== false;
  const replace = (from: string, content: string) => ({
    type: 'Replace',
    pattern: { String: from },
    content,
  });
  return {
    normalizer: sequence('normalizers', [
      ...(hasPrefix ? [{ type: 'Prepend', prepend: SPACE }] : []),
      replace(' ', SPACE),
    ]),
    pre_tokenizer: null,
    decoder: sequence('decoders', [
      replace(SPACE, ' '),
      { type: 'ByteFallback' },
      { type: 'Fuse' },
      ...(hasPrefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
    ]),
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: mergesOf(source),
      unk_token: unknown ?? null,
      fuse_unk: true,
      byte_fallback: true,
      dropout: null,
    },
    addsBos: true,
  };
}

const sequence = (key: string, parts: object[]) => ({ type: 'Sequence', [key]: parts });

/**
 * The merges, best first. SentencePiece merges the neighbours whose union has the highest score, so
 * each way to cut a token into two tokens is a merge, as good as its score.
 */
function mergesOf({ tokens, list, fail }: GgufTokenizer): [string, string][] {
  const [scores, types] = [list('scores', 'number'), list('token_type', 'number')];
  if (scores.length !== tokens.length || types.length !== tokens.length) {
    fail(
      `tokenizer.ggml.scores and token_type must hold ${tokens.length} numbers, one for each token.`,
    );
  }
  const isNormal = (id: number) => types[id] === NORMAL;
  const normal = new Set(tokens.filter((_, id) => isNormal(id)));
  const best = [...tokens.keys()]
    .filter(isNormal)
    .sort((a, b) => (scores[b] as number) - (scores[a] as number));
  return best.flatMap((id) => cuts(tokens[id] as string, normal));
}

function cuts(token: string, tokens: ReadonlySet<string>): [string, string][] {
  const letters = [...token];
  const all = letters
    .slice(1)
    .map((_, i): [string, string] => [
      letters.slice(0, i + 1).join(''),
      letters.slice(i + 1).join(''),
    ]);
  return all.filter(([a, b]) => tokens.has(a) && tokens.has(b));
}
