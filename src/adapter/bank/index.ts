export { AdapterBank } from './adapter-bank';
export type { Adapt } from './adapter-bank';
export type { BankMemory } from './bank-memory';
export { BASE_ALONE } from './mixtures';
