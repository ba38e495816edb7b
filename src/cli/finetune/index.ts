export { chat } from './chat';
export { finetune } from './finetune';
