export { BASE, readResults, resultsFile } from './shipped';
export type { ResultRow } from './shipped';
export { smolLM2 } from './smollm2';
