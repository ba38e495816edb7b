export { card, code, details, paragraph, table } from './card';
export type { Block, Mark } from './card';
export { CODE_STYLE, codeSpan, escapeMarkup, htmlTable, panel } from './html';
