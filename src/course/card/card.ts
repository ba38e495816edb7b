import type { MimeBundle } from '../../jupyter';
import { CODE_STYLE, codeSpan, escapeMarkup, htmlTable, panel } from './html';

/** The mark of a card: a symbol and a word; the colour only adds to them. */
export interface Mark {
  symbol: string;
  word: string;
  /** one of JupyterLab's colours */
  colour: 'success' | 'error' | 'warn' | 'info';
}

/** One block below the heading, as HTML and as plain text. */
export interface Block {
  html: string;
  text: string;
}

/** Makes an output of the lesson: a marked heading, then blocks. */
export function card(mark: Mark, heading: string, blocks: Block[]): MimeBundle {
  const title = `${mark.symbol} ${mark.word}`;
  const head = `<div><strong>${escapeMarkup(title)}</strong> · ${escapeMarkup(heading)}</div>`;
  const edge = `var(--jp-${mark.colour}-color1, currentColor)`;
  return {
    'text/html': panel([head, ...blocks.map(({ html }) => html)], edge),
    'text/plain': [`${title}: ${heading}`, ...blocks.map(({ text }) => text)].join('\n'),
  };
}

/** Makes a paragraph. */
export function paragraph(text: string): Block {
  return { html: `<p style="margin: 6px 0">${escapeMarkup(text)}</p>`, text };
}

/** Shows lines of code, or of an error, as they are. */
export function code(text: string): Block {
  const html = `<pre style="${CODE_STYLE}; color: inherit; white-space: pre-wrap; margin: 6px 0">${escapeMarkup(text)}</pre>`;
  return { html, text: text.replace(/^/gm, '    ') };
}

/** Makes a table of named values. */
export function table(rows: [name: string, value: string][]): Block {
  const width = Math.max(...rows.map(([name]) => name.length));
  return {
    html: htmlTable(rows.map(([name, value]) => [escapeMarkup(name), codeSpan(value)])),
    text: rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n'),
  };
}

/** Folds a block away under a summary. */
export function details(summary: string, inside: Block): Block {
  return {
    html: `<details style="margin: 6px 0"><summary>${escapeMarkup(summary)}</summary>${inside.html}</details>`,
    text: `${summary}\n${inside.text}`,
  };
}
