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
/** Number of failing cases shown; more would repeat the same mistake. */
const CASES_SHOWN = 2;
const SOURCE_LINES = 6;

/** Access to the notebook that an answer is in. */
export interface Surroundings {
  definitionOf: (name: string) => Definition;
  /** formats an error, with positions in the cells */
  describeError: (thrown: unknown) => string[];
  /** `3 of 5 done` */
  progress: string;
}

/** Formats a verdict as a card for the learner. */
export function showVerdict(
  exercise: Exercise,
  verdict: Verdict,
  { definitionOf, describeError, progress }: Surroundings,
): MimeBundle {
  const { state, part, right = [], message, notes = [], findings, thrown } = verdict;
  const blocks = [message, ...notes.map((note) => `Note: ${note}`)].map(paragraph);
  if (right.length > 0) blocks.push(paragraph(`✓ right already: ${right.join(', ')}`));
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
  const isFailedCell = part !== undefined && definitionOf(part).failed !== undefined;
  if (state === 'failed' || state === 'threw' || isFailedCell) {
    blocks.push(paragraph(`Stuck? Run hint('${exercise.id}').`));
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

/** Lists the inputs with the largest float32 error of each, folded away. */
function measured(findings: Finding[]): Block {
  const rows = findings.map(({ input, got, difference }): [string, string] => [
    input,
    difference === undefined ? got : `largest difference ${formatNumber(difference)}`,
  ]);
  return details('On what it was tried', table(rows));
}

/** Finds the line of the answer that an error comes from, and the frames that are in cells. */
function whereThrown(frames: string[], { origin }: Definition): string {
  const inCells = frames.filter((frame) => /^\s+at .*In\[/.test(frame));
  const places = inCells.map((frame) => /(In\[\d+\]):(\d+)/.exec(frame));
  const place = origin && places.find((one) => one?.[1] === origin.cell);
  if (!place) return inCells.join('\n');
  const line = origin.source.split('\n')[Number(place[2]) - origin.line] ?? '';
  return [`${origin.cell}, line ${place[2]}:  ${line.trim()}`, ...inCells].join('\n');
}

/** Shows the error of the cell with the newest version, if that failed; else the judged source. */
function showSource(name: string, { origin, failed, value }: Definition): Block[] {
  if (failed) return [code(failed.message)];
  if (!origin || value === undefined) return [];
  const lines = origin.source.split('\n');
  const more = lines.length > SOURCE_LINES ? ['…'] : [];
  const first = [...lines.slice(0, SOURCE_LINES), ...more].join('\n');
  return [details(`Checked: ${name} from ${origin.cell}`, code(first))];
}
