export { check } from './check';
export { lint } from './lint';
export { test } from './test';
export { interop } from './test-interop';
export { llama } from './test-llama';
export { suites, testFiles } from './test-suites';
export { PYTHON_TOOLS } from './test-tools';
export { readWings } from './wings';
export type { Wing } from './wings';
