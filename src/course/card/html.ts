const BORDER = 'var(--jp-border-color1, currentColor)';
const CELL = 'text-align: left; vertical-align: top; padding: 2px 14px 2px 0';
/** The style of code, in JupyterLab's font for it. */
export const CODE_STYLE =
  'font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 13px)';

/** Makes text safe for HTML, XML and Plotly's labels: a learner or a model may write anything. */
export function escapeMarkup(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // Characters that XML 1.0 forbids: control characters and halves of a surrogate pair.
      .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
  );
}

/**
 * Frames markup as one output of a notebook. Colours and fonts are JupyterLab's own, so the panel
 * follows its theme; elsewhere they are those of the page.
 * @param edge the CSS colour of a thick left edge
 */
export function panel(children: readonly string[], edge?: string): string {
  const style = [
    'font-family: var(--jp-ui-font-family, sans-serif)',
    'color: var(--jp-content-font-color1, inherit)',
    `border: 1px solid ${BORDER}`,
    ...(edge === undefined ? [] : [`border-left: 6px solid ${edge}`]),
    'padding: 8px 14px',
    'max-width: 60em',
  ];
  return `<div style="${style.join('; ')}">${children.join('\n')}</div>`;
}

/** Writes text as code within a line. */
export function codeSpan(text: string): string {
  return `<span style="${CODE_STYLE}">${escapeMarkup(text)}</span>`;
}

/** Makes a table of markup; the first cell of a row names it. */
export function htmlTable(rows: readonly (readonly string[])[], head?: readonly string[]): string {
  const name = (scope: string, cell: string) =>
    `<th scope="${scope}" style="${CELL}; font-weight: normal; white-space: nowrap">${cell}</th>`;
  const body = rows.map(([first = '', ...cells]) => [
    name('row', first),
    ...cells.map((cell) => `<td style="${CELL}">${cell}</td>`),
  ]);
  const all = head ? [head.map((cell) => name('col', cell)), ...body] : body;
  const lines = all.map((cells) => `<tr style="background: none">${cells.join('')}</tr>`);
  return `<table style="border-collapse: collapse; margin: 6px 0; color: inherit; font-size: inherit">${lines.join('')}</table>`;
}
