export { readData } from './read-data';
export type { Data } from './read-data';
export { rowFault } from './row';
export type { ChatRow, PromptRow, Row, TextRow } from './row';
export { Rows } from './rows';
