import { assertPositiveIntegers } from '../../tensor/errors';
import { Draw } from '../../tensor/runtime';
import { calculate, formatStep, LARGEST, OPERATIONS, type Step } from './equation';
import { splitOf } from './problem';
import { type Operand, Plan, work } from './solution-plan';
import {
  BOXES,
  drawChange,
  drawComparison,
  drawHappening,
  joinPhrases,
  NAMES,
  OBJECTS,
  times,
} from './words';

/**
 * General arithmetic text to pretrain a base model on: `count` lines, each ended by a newline.
 * It has the words and the arithmetic of the problems but none of their formats: no question with
 * a solution, no role mark, no verdict, no equation beside words; and no line is the steps of a
 * problem of validation or test. Examples of lines: `12+7=19`;
 * `3*4=12, 12+5=17`; `5 fewer than 12 is 7.`; `Tom has 8 pens and loses 3. Now Tom has 5.`;
 * `Eva needs 30 eggs, has 4 and wins 5.`; `Tom: 8 pens. Ann: 3 bags of 4.`;
 * `How many are left?`.
 * @throws ArgumentError if the seed is not an integer or the count not a positive one
 */
export function pretrainText(seed: number, count: number): string {
  assertPositiveIntegers('pretrainText', { count });
  const draw = new Draw(seed, 'pretraining');
  return times(count, () => `${draw.pick(LINES)(draw)}\n`).join('');
}

/** The kinds of line; a kind named twice comes twice as often. */
const LINES = [
  sum,
  sum,
  chain,
  chain,
  pair,
  saying,
  saying,
  event,
  event,
  worked,
  worked,
  worked,
  sentence,
  list,
  question,
  label,
  remark,
] as const;

function sum(draw: Draw): string {
  return formatStep(drawStep(draw));
}

/** Two or three steps, each with the value of the one before. */
function chain(draw: Draw): string {
  return redraw(() => {
    const steps = [drawStep(draw)];
    times(draw.int(1, 2), () => steps.push(drawStep(draw, steps.at(-1)?.value)));
    return formatChain(steps);
  });
}

/** Two products, or a number and a product, then their sum or difference. */
function pair(draw: Draw): string {
  return redraw(() => {
    const plan = new Plan();
    const product = (): Operand => plan.add(draw.int(2, 9), '*', draw.int(2, 9));
    const [first, second] = [draw.pick([product, () => draw.int(2, LARGEST)])(), product()];
    plan.add(first, draw.pick(['+', '-'] as const), second);
    const steps = work(plan.steps);
    const isFit = steps.every(({ value }) => value >= 0 && value <= LARGEST);
    return isFit ? formatChain(steps) : undefined;
  });
}

/** Gives undefined for steps that a validation or test problem could have. */
function formatChain(steps: readonly Step[]): string | undefined {
  return splitOf({ steps }) === 'train' ? steps.map(formatStep).join(', ') : undefined;
}

/** `5 fewer than 12 is 7.`, `4 times as many as 3 is 12.`, `3 bags of 4 is 12.` */
function saying(draw: Draw): string {
  return redraw(() => {
    const number = draw.int(2, 30);
    const { text, operation, amount } = drawComparison(draw);
    const value = calculate(number, operation, amount);
    const isBoxes = operation === '*' && draw.int(0, 1) === 0;
    const than = operation === '*' ? 'as' : 'than';
    const start = isBoxes ? `${amount} ${draw.pick(BOXES)} of` : `${text} ${than}`;
    return value >= 1 && value <= LARGEST ? `${start} ${number} is ${value}.` : undefined;
  });
}

/** One change, and the amount after it. */
function event(draw: Draw): string {
  return redraw(() => {
    const [name, start] = [draw.pick(NAMES), draw.int(2, 30)];
    const { text, operation, amount } = drawHappening(draw);
    const value = calculate(start, operation, amount);
    const has = `${name} has ${start} ${draw.pick(OBJECTS)} and ${text}.`;
    return value >= 1 && value <= LARGEST ? `${has} Now ${name} has ${value}.` : undefined;
  });
}

/** One thing somebody has, wins or buys, and its equation. */
function worked(draw: Draw): string {
  return redraw(() => {
    const [name, start, object] = [draw.pick(NAMES), draw.int(2, 30), draw.pick(OBJECTS)];
    const [count, each] = [draw.int(2, 9), draw.int(2, 9)];
    const happening = drawHappening(draw);
    const compared = drawComparison(draw);
    const [text, left, operation, right] = draw.pick([
      [
        `${name} has ${start} ${object} and ${happening.text}`,
        start,
        happening.operation,
        happening.amount,
      ],
      [`${name} has ${start} and ${happening.text}`, start, happening.operation, happening.amount],
      [
        `${compared.text} ${compared.operation === '*' ? 'as' : 'than'} ${start}`,
        start,
        compared.operation,
        compared.amount,
      ],
      [`${count} ${draw.pick(BOXES)} of ${each} ${object}`, count, '*', each],
      [`${count} ${object} at ${each} each`, count, '*', each],
    ] as const);
    const value = calculate(left, operation, right);
    const isFit = value >= 1 && value <= LARGEST;
    return isFit ? `${text}: ${formatStep({ left, operation, right, value })}.` : undefined;
  });
}

/** Somebody who has, needs or buys something, and changes without their outcome. */
function sentence(draw: Draw): string {
  const object = draw.pick(OBJECTS);
  const start = draw.pick([
    [`has ${draw.int(2, 30)} ${object}`],
    [`has ${draw.int(2, 9)} ${draw.pick(BOXES)} of ${draw.int(2, 9)} ${object}`],
    [`needs ${draw.int(15, LARGEST)} ${object}`, `has ${draw.int(2, 30)}`],
    [
      `has ${draw.int(10, LARGEST)} coins`,
      `buys ${draw.int(2, 9)} ${object} at ${draw.int(2, 9)} each`,
    ],
  ]);
  const later = times(draw.int(0, 2), () => drawChange(draw).text);
  return `${draw.pick(NAMES)} ${joinPhrases([...start, ...later])}.`;
}

/** `Tom: 8 pens. Ann: 3 bags of 4.` */
function list(draw: Draw): string {
  const [name, other] = draw.pickTwo(NAMES);
  const boxes = `${draw.int(2, 9)} ${draw.pick(BOXES)} of ${draw.int(2, 9)}`;
  return `${name}: ${draw.int(2, LARGEST)} ${draw.pick(OBJECTS)}. ${other}: ${boxes}.`;
}

/** Questions without a story. */
function question(draw: Draw): string {
  const ends = ['now', 'in all', `more has ${draw.pick(NAMES)}`, 'more', 'are left'];
  return times(draw.int(1, 2), () => `How many ${draw.pick(ends)}?`).join(' ');
}

/** `R. 8 pens.` */
function label(draw: Draw): string {
  return `${draw.pick(['A', 'B', 'C', 'R', 'S'])}. ${draw.int(2, LARGEST)} ${draw.pick(OBJECTS)}.`;
}

/** `Ann is right, so Ben is wrong.` */
function remark(draw: Draw): string {
  const [name, other] = draw.pickTwo(NAMES);
  const one = draw.pick(['ok', 'right', 'wrong']);
  return `${name} is ${one}, so ${other} is ${draw.pick(['ok', 'right', 'wrong'])}.`;
}

/** A true step, one time in eight with negative numbers; `given` is one of its operands. */
function drawStep(draw: Draw, given?: number): Step {
  return redraw(() => {
    const low = draw.int(1, 8) === 1 ? -12 : 1;
    const operation = draw.pick(OPERATIONS);
    const largest = operation === '*' ? 9 : LARGEST;
    const operands = [given ?? draw.int(low, largest), draw.int(low, largest)] as const;
    const [left, right] = draw.int(0, 1) === 0 ? operands : ([operands[1], operands[0]] as const);
    const value = calculate(left, operation, right);
    const isFit = value >= (low < 0 ? -LARGEST : 0) && value <= LARGEST;
    // 0*-3 gives -0, which would be written as 0.
    return isFit && !Object.is(value, -0) ? { left, operation, right, value } : undefined;
  });
}

/** Draws again until `make` gives a value. */
function redraw<T>(make: () => T | undefined): T {
  for (;;) {
    const made = make();
    if (made !== undefined) return made;
  }
}
