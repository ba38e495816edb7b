export { agents } from './agents';
export { home } from './home';
export type { HomeRow } from './home';
export { pretrain } from './pretrain';
export { sweep } from './sweep';
