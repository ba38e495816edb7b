import type { MimeBundle } from '../../jupyter';

/** A piece of text as HTML shows it: whatever comes from a cell goes through here. */
export function escape(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

/** How a card is marked: in words and with a symbol; the colour only adds to them. */
export interface Mark {
  symbol: string;
  word: string;
  /** one of JupyterLab's colours, such as `success` */
  colour: 'success' | 'error' | 'warn' | 'info';
}

/** One block below the heading, as HTML and as plain text. */
export interface Block {
  html: string;
  text: string;
}

const BORDER = 'var(--jp-border-color1, currentColor)';
const CODE =
  'font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 13px)';

/**
 * An output of the lesson: a marked heading, then blocks. Colours and fonts are JupyterLab's own,
 * so it follows the theme; elsewhere it takes those of the page.
 */
export function card(mark: Mark, heading: string, blocks: Block[]): MimeBundle {
  const colour = `var(--jp-${mark.colour}-color1, currentColor)`;
  const style = [
    'font-family: var(--jp-ui-font-family, sans-serif)',
    'color: var(--jp-content-font-color1, inherit)',
    `border: 1px solid ${BORDER}`,
    `border-left: 6px solid ${colour}`,
    'padding: 8px 14px',
    'max-width: 60em',
  ].join('; ');
  const title = `${mark.symbol} ${mark.word}`;
  const head = `<div><strong>${escape(title)}</strong> · ${escape(heading)}</div>`;
  return {
    'text/html': `<div style="${style}">${[head, ...blocks.map(({ html }) => html)].join('\n')}</div>`,
    'text/plain': [`${title}: ${heading}`, ...blocks.map(({ text }) => text)].join('\n'),
  };
}

/** A paragraph. */
export function paragraph(text: string): Block {
  return { html: `<p style="margin: 6px 0">${escape(text)}</p>`, text };
}

/** Lines of code, or of an error, as they are. */
export function code(text: string): Block {
  const html = `<pre style="${CODE}; color: inherit; white-space: pre-wrap; margin: 6px 0">${escape(text)}</pre>`;
  return { html, text: text.replace(/^/gm, '    ') };
}

/** Rows of what belongs together, each with the name of the value at the left. */
export function table(rows: [name: string, value: string][]): Block {
  const cells = rows.map(([name, value]) => {
    const left = `<th scope="row" style="text-align: left; vertical-align: top; white-space: nowrap; padding: 1px 12px 1px 0; font-weight: normal">${escape(name)}</th>`;
    return `<tr style="background: none">${left}<td style="text-align: left; padding: 1px 0; ${CODE}">${escape(value)}</td></tr>`;
  });
  const width = Math.max(...rows.map(([name]) => name.length));
  return {
    html: `<table style="border-collapse: collapse; margin: 6px 0; color: inherit; font-size: inherit">${cells.join('')}</table>`,
    text: rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n'),
  };
}

/** What only some want to see. */
export function details(summary: string, inside: Block): Block {
  return {
    html: `<details style="margin: 6px 0"><summary>${escape(summary)}</summary>${inside.html}</details>`,
    text: `${summary}\n${inside.text}`,
  };
}
