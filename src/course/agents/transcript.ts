import { codeSpan, escapeMarkup, htmlTable, panel } from '../card';
import { parseCritique } from '../task';
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
  /** empty for the critic, which reads only */
  written: string;
  /** the critic's judgement, in words; empty for the others */
  judgement: string;
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
  const { role, about, text, confidence, tokens } = step;
  const subject = `step ${(about ?? 0) + 1}`;
  const tasks = { solver: 'proposes', critic: `judges ${subject}`, reviser: `repairs ${subject}` };
  return {
    who: `${index + 1} ${role}`,
    task: tasks[role],
    written: confidence === null ? text : '',
    judgement: confidence === null ? '' : judgement(text, confidence),
    tokens: tokens.read + tokens.written,
  };
}

/** Example: `doubts equation 2; the whole: 32.9 % likely`. */
function judgement(text: string, confidence: number): string {
  const critique = parseCritique(text);
  const doubt = critique?.verdict === 'wrong' ? `equation ${critique.step}` : 'nothing';
  return `doubts ${doubt}; the whole: ${percent(confidence)} likely`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function text(question: string, lines: readonly Line[], verdict: string): string {
  const width = (pick: (line: Line) => string) => Math.max(...lines.map((l) => pick(l).length), 0);
  const [who, task] = [width((line) => line.who), width((line) => line.task)];
  const rows = lines.map(({ written, judgement, ...line }) => {
    return `  ${line.who.padEnd(who)}  ${line.task.padEnd(task)}  ${written}${judgement}`;
  });
  return [question, ...rows, `  verdict: ${verdict}`].join('\n');
}

function html(question: string, lines: readonly Line[], verdict: string): string {
  const rows = lines.map(({ who, task, written, judgement, tokens }) => {
    return [who, task, codeSpan(written), judgement, `${tokens}`];
  });
  return panel([
    `<div><strong>${escapeMarkup(question)}</strong></div>`,
    htmlTable(rows, ['step', 'does', 'writes', 'judgement', 'tokens']),
    `<div><strong>verdict</strong> ${codeSpan(verdict)}</div>`,
  ]);
}
