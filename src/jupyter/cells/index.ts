export { CellRunner } from './cell-runner';
export { countGroups } from './console-groups';
export { ExecutionQueue } from './execution';
export { gateTimers } from './interrupt';
export { redirectOutput } from './output';
export { createHandlers } from './requests';
