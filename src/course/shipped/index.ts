export { BASE, readResults, resultsFile } from './shipped';
export type { ResultRow } from './shipped';
