export { isSameCall } from './check-call';
export { HOME_RULE, homeRow, homeRows } from './home-rows';
export type { HomeCall, HomeOptions } from './home-rows';
