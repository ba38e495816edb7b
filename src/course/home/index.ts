export { CHAT_QUESTIONS } from './chat-questions';
export { faultOfCall, isSameCall } from './check-call';
export type { CallFault } from './check-call';
export { HOME_RECIPE } from './home-recipe';
export { HOME_RULE, homeRow, homeRows } from './home-rows';
export type { HomeCall, HomeOptions } from './home-rows';
