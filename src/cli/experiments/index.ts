export { agents } from './agents';
export { pretrain } from './pretrain';
export { sweep } from './sweep';
