export { olora, pissa, initFromBase, convertToLora } from './init-from-base';
export type { BaseInit } from './init-from-base';
