export { AdapterBank } from './adapter-bank';
export type { Adapt } from './adapter-bank';
export type { BankMemory } from './measure';
export { MixedLinear } from './mixed-linear';
export type { Mixture } from './mixed-linear';
export { BASE_ALONE } from './mixtures';
