interface Shape {
  layers: number;
  width: number;
  heads: number;
  kvHeads: number;
  headDim: number;
}

/** What LoRA trains on q_proj and v_proj of every layer, and the cache of a text in float32. */
export function decoderSize(
  { layers, width, heads, kvHeads, headDim }: Shape,
  r: number,
  tokens: number,
): { trained: number; cacheBytes: number } {
  const [q, kv] = [heads * headDim, kvHeads * headDim]; // rows of q_proj; of k_proj and v_proj
  const trained = layers * r * (width + q + width + kv);
  return { trained, cacheBytes: 4 * layers * 2 * kv * tokens }; // keys and values
}
