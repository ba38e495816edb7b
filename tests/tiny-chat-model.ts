import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createModel, saveModel } from '../src/model';
import { FIXTURES } from './fixture';

/** Writes a tiny chat model with random weights into a folder: config, weights, tokenizer, template. */
export async function writeTinyChatModel(folder: string): Promise<void> {
  const packed = gunzipSync(readFileSync(path.join(FIXTURES, 'chat_labels.json.gz'))).toString();
  const { tokens, tokenizers } = JSON.parse(packed) as {
    tokens: Record<string, string>;
    tokenizers: { bytes: { added_tokens: { id: number; content: string }[] } };
  };
  const end = tokenizers.bytes.added_tokens.find(({ content }) => content === tokens.eos_token);
  const model = await createModel(
    {
      model_type: 'llama',
      vocab_size: 800,
      hidden_size: 24,
      intermediate_size: 40,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      max_position_embeddings: 512,
      rms_norm_eps: 1e-5,
      tie_word_embeddings: true,
      eos_token_id: end?.id,
    },
    { seed: 3 },
  );
  mkdirSync(folder);
  await saveModel(model, folder);
  model.dispose();
  const template = readFileSync(path.join(FIXTURES, 'chat_templates', 'plain.jinja'), 'utf8');
  writeFileSync(path.join(folder, 'tokenizer.json'), JSON.stringify(tokenizers.bytes));
  writeFileSync(path.join(folder, 'tokenizer_config.json'), JSON.stringify(tokens));
  writeFileSync(path.join(folder, 'chat_template.jinja'), template);
}
