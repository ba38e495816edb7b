export { olora, pissa, startFromBase, toPlainLora } from './init-from-base';
export type { BaseInit } from './init-from-base';
