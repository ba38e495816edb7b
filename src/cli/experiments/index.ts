export { agents } from './agents';
export { home } from './home';
export { pretrain } from './pretrain';
export { sweep } from './sweep';
