import { codeSpan, escapeMarkup, htmlTable, panel } from '../card';
import type { Trace, TraceStep } from './trace';

/** A trace as a MIME bundle: HTML for a notebook, text for all else. (A type, to fit a bundle.) */
export type Transcript = {
  'text/html': string;
  'text/plain': string;
};

/** One line of a transcript. */
interface Line {
  /** `2 critic`, counted from 1 */
  who: string;
  /** its task, in words */
  task: string;
  said: string;
  /** the critic's confidence, in words */
  mark: string;
  tokens: number;
}

/** Lists who wrote what, in order, and the verdict, as HTML and as text. */
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

function text(question: string, lines: readonly Line[], verdict: string): string {
  const width = (pick: (line: Line) => string) => Math.max(...lines.map((l) => pick(l).length), 0);
  const [who, task] = [width((line) => line.who), width((line) => line.task)];
  const rows = lines.map(({ said, mark, ...line }) => {
    const end = mark === '' ? '' : `   (${mark})`;
    return `  ${line.who.padEnd(who)}  ${line.task.padEnd(task)}  ${said}${end}`;
  });
  return [question, ...rows, `  verdict: ${verdict}`].join('\n');
}

function html(question: string, lines: readonly Line[], verdict: string): string {
  const rows = lines.map(({ who, task, said, mark, tokens }) => {
    return [who, task, codeSpan(said), mark, `${tokens}`];
  });
  return panel([
    `<div><strong>${escapeMarkup(question)}</strong></div>`,
    htmlTable(rows, ['step', 'does', 'writes', 'confidence', 'tokens']),
    `<div><strong>verdict</strong> ${codeSpan(verdict)}</div>`,
  ]);
}
