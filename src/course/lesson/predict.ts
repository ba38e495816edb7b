import { display } from '../../jupyter';
import { ArgumentError } from '../../tensor/errors';
import { useAccelerator } from '../../tensor/runtime';
import { card, type Mark, paragraph, table } from '../card';
import { formatNumber } from '../judge';
import { type Prediction, type PredictionId, PREDICTIONS } from './predictions';
import { recordGuess } from './progress';

const OPEN: Mark = { symbol: '○', word: 'no prediction yet', colour: 'info' };
const RIGHT: Mark = { symbol: '✓', word: 'right', colour: 'success' };
const OFF: Mark = { symbol: '✗', word: 'not quite', colour: 'warn' };
/** Relative tolerance: the computed value has float32 rounding errors. */
const TOLERANCE = 1e-4;

/**
 * Takes the learner's guess, computes the number and shows how far off the guess was. With `null`,
 * no guess yet, the number stays hidden.
 * @throws ArgumentError if there is no such prediction, AcceleratorError
 */
export async function predict(id: PredictionId, guess: number | null): Promise<void> {
  if (!Object.hasOwn(PREDICTIONS, id)) {
    const ids = Object.keys(PREDICTIONS).join(', ');
    throw new ArgumentError(`predict: id must be one of ${ids}, got ${String(id)}.`);
  }
  const prediction: Prediction = PREDICTIONS[id];
  if (guess === null) {
    const note = paragraph('Put your number in the place of null and run the cell again.');
    display(card(OPEN, prediction.question, [note]), { id: `predict-${id}` });
    return;
  }
  await useAccelerator();
  const truth = await prediction.truth();
  const isRight = Math.abs(guess - truth) <= TOLERANCE * Math.abs(truth);
  const withUnit = (value: number) => `${formatNumber(value)} ${prediction.unit}`.trim();
  const rows = table([
    ['your guess', withUnit(guess)],
    ['computed', withUnit(truth)],
    ...(isRight ? [] : ([['off by', describeError(guess, truth)]] as [string, string][])),
  ]);
  await recordGuess(id, guess).catch(() => undefined); // answered even if it cannot be saved
  display(card(isRight ? RIGHT : OFF, prediction.question, [rows]), { id: `predict-${id}` });
}

/** `2,288, 19 % too low` or `factor 48 too high` */
function describeError(guess: number, truth: number): string {
  const distance = formatNumber(Math.abs(guess - truth));
  const side = guess > truth ? 'too high' : 'too low';
  if (Number.isNaN(guess)) return 'not a number';
  const ratio = guess / truth;
  if (ratio > 2) return `factor ${formatNumber(Number(ratio.toPrecision(3)))} ${side}`;
  if (ratio > 0 && ratio < 0.5)
    return `factor ${formatNumber(Number((1 / ratio).toPrecision(3)))} ${side}`;
  if (truth === 0) return `${distance} ${side}`;
  return `${distance}, ${((100 * Math.abs(guess - truth)) / Math.abs(truth)).toPrecision(2)} % ${side}`;
}
