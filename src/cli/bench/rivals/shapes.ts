/** The sizes of distilgpt2, with the keys of its config.json. */
export const DISTILGPT2 = {
  architectures: ['GPT2LMHeadModel'],
  model_type: 'gpt2',
  vocab_size: 50257,
  n_positions: 1024,
  n_embd: 768,
  n_layer: 6,
  n_head: 12,
};
