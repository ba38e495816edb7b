export {
  loraEmbeddingsOf,
  injectEmbeddings,
  mergeEmbeddings,
  removeEmbeddings,
} from './inject-embeddings';
export type { EmbeddingOptions } from './inject-embeddings';
export { LoRAEmbedding } from './lora-embedding';
