export { BASE, HOME, readResults, resultsFile } from './shipped';
export type { ResultRow } from './shipped';
export { SMOLLM2, smolLM2, SMOLLM2_GGUF, smolLM2Gguf } from './smollm2';
export type { SmolLM2Options } from './smollm2';
