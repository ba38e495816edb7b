import { display } from '../../jupyter';
import { ArgumentError } from '../../tensor/errors';
import { useAccelerator } from '../../tensor/runtime';
import { type Block, card, type Mark, paragraph, table } from '../card';
import { formatNumber } from '../judge';
import { type Choice, type ChoiceId, CHOICES } from './choices';
import { type Prediction, type PredictionId, PREDICTIONS } from './predictions';
import { recordGuess } from './progress';

const OPEN: Mark = { symbol: '○', word: 'no prediction yet', colour: 'info' };
const RIGHT: Mark = { symbol: '✓', word: 'right', colour: 'success' };
const OFF: Mark = { symbol: '✗', word: 'not quite', colour: 'warn' };
/** Relative tolerance: the computed value has float32 rounding errors. */
const TOLERANCE = 1e-4;
/** Significant digits to which a guess may be rounded; to more, it is within the tolerance. */
const DIGITS = [3, 4];

/**
 * Takes the learner's guess: a number, or the letter of an answer. Shows how far off the number was,
 * or which answer is right and why. With `null`, no guess yet, the answer stays hidden.
 * @throws ArgumentError if there is no such question, or an answer has no such letter;
 *   AcceleratorError
 */
export async function predict(
  id: PredictionId | ChoiceId,
  guess: number | string | null,
): Promise<void> {
  const question = find(id);
  const shown = 'answers' in question ? showChoice(question, guess) : showNumber(question, guess);
  const [mark, blocks] = await shown;
  if (guess !== null) await recordGuess(id, guess).catch(() => undefined); // answered all the same
  display(card(mark, question.question, blocks), { id: `predict-${id}` });
}

function find(id: PredictionId | ChoiceId): Prediction | Choice {
  const questions: Record<string, Prediction | Choice> = { ...PREDICTIONS, ...CHOICES };
  const question = Object.hasOwn(questions, id) ? questions[id] : undefined;
  if (question) return question;
  const ids = Object.keys(questions).join(', ');
  throw new ArgumentError(`predict: id must be one of ${ids}, got ${String(id)}.`);
}

type Shown = [mark: Mark, blocks: Block[]];

function showChoice({ answers, right, because }: Choice, guess: number | string | null): Shown {
  const lettered = answers.map((answer, i): [string, string] => [letterOf(i), answer]);
  const letters = lettered.map(([letter]) => `'${letter}'`);
  if (guess === null) {
    const note = `Put ${letters.slice(0, -1).join(', ')} or ${letters.at(-1)} in the place of null and run the cell again.`;
    return [OPEN, [table(lettered), paragraph(note)]];
  }
  const answerOf = (letter: unknown) => lettered.find(([one]) => one === letter)?.[1];
  const chosen = answerOf(guess);
  if (chosen === undefined) {
    const got = typeof guess === 'string' ? `'${guess}'` : guess;
    throw new ArgumentError(`predict: the guess must be one of ${letters.join(', ')}, got ${got}.`);
  }
  const rows: [string, string][] = [['your guess', chosen]];
  if (guess !== right) rows.push(['right', answerOf(right) ?? '']);
  return [guess === right ? RIGHT : OFF, [table(rows), paragraph(because)]];
}

/** a, b, c, ... */
function letterOf(i: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + i);
}

async function showNumber(prediction: Prediction, guess: number | string | null): Promise<Shown> {
  if (guess === null) {
    const note = paragraph('Put your number in the place of null and run the cell again.');
    return [OPEN, [note]];
  }
  if (typeof guess === 'string' || !Number.isFinite(guess)) {
    const got = typeof guess === 'string' ? `the text '${guess}'. Leave out the quotes` : guess;
    throw new ArgumentError(`predict: the guess must be a number, got ${got}.`);
  }
  await useAccelerator();
  const truth = await prediction.truth();
  const isRight =
    Math.abs(guess - truth) <= TOLERANCE * Math.abs(truth) ||
    DIGITS.some((digits) => guess === Number(truth.toPrecision(digits)));
  const withUnit = (value: number) => `${formatNumber(value)} ${prediction.unit}`.trim();
  const rows = table([
    ['your guess', withUnit(guess)],
    ['computed', withUnit(truth)],
    ...(isRight ? [] : ([['off by', describeError(guess, truth)]] as [string, string][])),
  ]);
  return [isRight ? RIGHT : OFF, [rows]];
}

/** `2,288, 19 % too low` or `factor 48 too high` */
function describeError(guess: number, truth: number): string {
  const distance = formatNumber(Math.abs(guess - truth));
  const side = guess > truth ? 'too high' : 'too low';
  const ratio = guess / truth;
  if (truth === 0 || ratio <= 0) return `${distance} ${side}`;
  const factor = Math.max(ratio, 1 / ratio);
  if (factor >= 2) return `factor ${formatNumber(Number(factor.toPrecision(3)))} ${side}`;
  const percent = 100 * Math.abs(ratio - 1);
  return `${distance}, ${percent < 1 ? percent.toPrecision(1) : percent.toFixed(0)} % ${side}`;
}
