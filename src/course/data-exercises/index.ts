export { DATA_EXERCISES, DATA_SOLUTIONS } from './data-exercises';
export type { Turn } from './turn';
