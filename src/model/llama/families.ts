import type { Family } from './config';
import { gemma3 } from './families/gemma3';
import { llama } from './families/llama';
import { mistral } from './families/mistral';
import { qwen2 } from './families/qwen2';
import { qwen3 } from './families/qwen3';
import { smollm3 } from './families/smollm3';

/** The families of decoders like Llama's. */
export const FAMILIES: readonly Family[] = [llama, mistral, qwen2, qwen3, smollm3, gemma3];
