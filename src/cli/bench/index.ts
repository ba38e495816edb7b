export { bench } from './bench';
export { memoryTable } from './memory-table';
