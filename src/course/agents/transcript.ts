import type { Trace, TraceStep } from './trace';

/** A trace as a notebook shows it; elsewhere the text alone. (A type: so it fits a MIME bundle.) */
export type Transcript = {
  'text/html': string;
  'text/plain': string;
};

/** One line of a transcript. */
interface Line {
  /** `2 critic`, counted from 1 */
  who: string;
  /** what it was asked, in words */
  task: string;
  said: string;
  /** in words, never by colour alone */
  mark: string;
  tokens: number;
}

/**
 * Who said what, in order, and the verdict. The HTML takes colours and fonts from the page that it
 * stands in, so that it reads in a light and a dark theme; the text says the same.
 */
export function transcript(trace: Trace): Transcript {
  const lines = trace.steps.map(lineOf);
  const verdict = trace.verdict
    ? `${trace.verdict.text}   (step ${trace.verdict.by + 1}, ${percent(trace.verdict.share)} of the weighed votes)`
    : 'none: nobody wrote a solution';
  return {
    'text/html': html(trace.question, lines, verdict),
    'text/plain': text(trace.question, lines, verdict),
  };
}

function lineOf(step: TraceStep, index: number): Line {
  const { role, about, text: said, confidence, tokens } = step;
  const verb = { solver: 'proposes', critic: `on step ${(about ?? 0) + 1}`, reviser: '' }[role];
  return {
    who: `${index + 1} ${role}`,
    task: role === 'reviser' ? `repairs step ${(about ?? 0) + 1}` : verb,
    said,
    mark: confidence === null ? '' : `${percent(confidence)} sure that it is right`,
    tokens: tokens.read + tokens.written,
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Made safe for HTML: a model may write anything. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function text(question: string, lines: readonly Line[], verdict: string): string {
  const width = (pick: (line: Line) => string) => Math.max(...lines.map((l) => pick(l).length), 0);
  const [who, task] = [width((line) => line.who), width((line) => line.task)];
  const rows = lines.map(({ said, mark, ...line }) => {
    const end = mark === '' ? '' : `   (${mark})`;
    return `  ${line.who.padEnd(who)}  ${line.task.padEnd(task)}  ${said}${end}`;
  });
  return [question, ...rows, `  verdict: ${verdict}`].join('\n');
}

const PAGE = [
  'font-family: var(--jp-ui-font-family, sans-serif)',
  'color: var(--jp-content-font-color1, inherit)',
  'border: 1px solid var(--jp-border-color1, currentColor)',
  'padding: 8px 14px',
  'max-width: 60em',
].join('; ');
const CELL = 'text-align: left; vertical-align: top; padding: 2px 14px 2px 0';
const CODE =
  'font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 13px)';

function html(question: string, lines: readonly Line[], verdict: string): string {
  const head = ['step', 'does', 'writes', 'confidence', 'tokens'].map(
    (name) => `<th scope="col" style="${CELL}; font-weight: normal">${name}</th>`,
  );
  const rows = lines.map(({ who, task, said, mark, tokens }) => {
    const cells = [task, `<span style="${CODE}">${escape(said)}</span>`, mark, `${tokens}`];
    const first = `<th scope="row" style="${CELL}">${who}</th>`;
    return row([first, ...cells.map((cell) => `<td style="${CELL}">${cell}</td>`)]);
  });
  const table = `<table style="border-collapse: collapse; margin: 6px 0; color: inherit; font-size: inherit">${row(head)}${rows.join('')}</table>`;
  const end = `<div><strong>verdict</strong> <span style="${CODE}">${escape(verdict)}</span></div>`;
  return `<div style="${PAGE}"><div><strong>${escape(question)}</strong></div>${table}${end}</div>`;
}

function row(cells: readonly string[]): string {
  return `<tr style="background: none">${cells.join('')}</tr>`;
}
