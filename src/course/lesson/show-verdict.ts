import type { Definition } from '../../jupyter';
import type { MimeBundle } from '../../jupyter';
import { type Block, card, code, details, type Mark, paragraph, table } from '../card';
import { type Exercise, type Finding, formatNumber, type State, type Verdict } from '../judge';

const MARKS: Record<State, Mark> = {
  passed: { symbol: '✓', word: 'passed', colour: 'success' },
  failed: { symbol: '✗', word: 'failed', colour: 'error' },
  'not attempted': { symbol: '○', word: 'not attempted', colour: 'info' },
  'not defined': { symbol: '?', word: 'not defined', colour: 'warn' },
  threw: { symbol: '!', word: 'threw', colour: 'error' },
  'timed out': { symbol: '…', word: 'timed out', colour: 'warn' },
};
/** Further failing cases would say the same again. */
const CASES_SHOWN = 2;
const SOURCE_LINES = 6;

/** The notebook around an answer. */
export interface Surroundings {
  definitionOf: (name: string) => Definition;
  /** an error in lines of the cells */
  describeError: (thrown: unknown) => string[];
  /** `3 of 5 done` */
  progress: string;
}

/** A verdict as the learner sees it. */
export function showVerdict(
  exercise: Exercise,
  verdict: Verdict,
  { definitionOf, describeError, progress }: Surroundings,
): MimeBundle {
  const { state, part, message, findings, thrown } = verdict;
  const blocks = [paragraph(message)];
  const failing = findings.filter(({ passed }) => !passed);
  blocks.push(...failing.slice(0, CASES_SHOWN).map(showFinding));
  if (state === 'passed') blocks.push(measured(findings));
  if (part !== undefined && thrown !== undefined) {
    const where = whereThrown(describeError(thrown), definitionOf(part));
    if (where !== '') blocks.push(code(where));
  }
  for (const name of part === undefined ? exercise.parts.map(({ name }) => name) : [part]) {
    blocks.push(...showSource(name, definitionOf(name)));
  }
  if (state === 'failed' || state === 'threw') {
    blocks.push(paragraph(`Stuck? hint('${exercise.id}') gives the next hint.`));
  }
  return card(MARKS[state], exercise.title, [...blocks, paragraph(progress)]);
}

function showFinding({ input, expected, got, difference }: Finding): Block {
  const rows: [string, string][] = [
    ['input', input],
    ['expected', expected],
    ['got', got],
  ];
  if (difference !== undefined) rows.push(['largest difference', formatNumber(difference)]);
  return table(rows);
}

/** For the curious: how near float32 comes. */
function measured(findings: Finding[]): Block {
  const rows = findings.map(({ input, got, difference }): [string, string] => [
    input,
    difference === undefined ? got : `largest difference ${formatNumber(difference)}`,
  ]);
  return details('On what it was tried', table(rows));
}

/** The line of the answer that an error comes from, and the frames that lie in a cell. */
function whereThrown(frames: string[], { origin }: Definition): string {
  const inCells = frames.filter((frame) => /^\s+at .*In\[/.test(frame));
  const places = inCells.map((frame) => /(In\[\d+\]):(\d+)/.exec(frame));
  const place = origin && places.find((one) => one?.[1] === origin.cell);
  if (!place) return inCells.join('\n');
  const line = origin.source.split('\n')[Number(place[2]) - origin.line] ?? '';
  return [`${origin.cell}, line ${place[2]}:  ${line.trim()}`, ...inCells].join('\n');
}

/** Which text was judged; an answer that did not compile since must not pass for the one before. */
function showSource(name: string, { origin, failed, value }: Definition): Block[] {
  const blocks: Block[] = [];
  if (failed) {
    const judged = origin
      ? `What was checked is the older one, from ${origin.cell}.`
      : `So there is no ${name} to check.`;
    blocks.push(paragraph(`⚠ ${failed.cell} was to define ${name} but failed. ${judged}`));
    blocks.push(code(failed.message));
  }
  if (origin && value !== undefined) {
    const lines = origin.source.split('\n');
    const more = lines.length > SOURCE_LINES ? ['…'] : [];
    const first = [...lines.slice(0, SOURCE_LINES), ...more].join('\n');
    blocks.push(details(`Checked: ${name} from ${origin.cell}`, code(first)));
  }
  return blocks;
}
