export { soak } from './soak';
