export { CellRunner } from './cell-runner';
export { ExecutionQueue } from './execution';
export { gateTimers } from './interrupt';
export { createHandlers } from './requests';
export { turnQueues } from './turns';
