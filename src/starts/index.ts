export { olora, pissa, startFromBase, toPlainLora } from './start-from-base';
export type { BaseInit } from './start-from-base';
