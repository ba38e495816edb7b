import type { GgufValue } from '../../files/gguf';

/** What a file says of its tokenizer, checked. */
export interface GgufTokenizer {
  tokens: string[];
  /** the value of a key below `tokenizer.ggml.` */
  get: (key: string) => GgufValue | undefined;
  /** the items of a list as long as needed, each of this kind */
  list: <T extends 'string' | 'number'>(
    key: string,
    kind: T,
  ) => (T extends 'string' ? string : number)[];
  fail: (fault: string) => never;
}

/** The parts of a tokenizer.json in which its kinds differ. */
export interface TokenizerParts {
  normalizer: object | null;
  pre_tokenizer: object | null;
  decoder: object;
  model: object;
  /** whether the first token begins a text, unless the file says so */
  addsBos: boolean;
}
