import type { Draw } from '../../tensor/runtime';
import { LARGEST } from './equation';
import { type Operand, Plan, type PlannedStep } from './solution-plan';
import {
  BOXES,
  drawChange,
  drawComparison,
  drawHappening,
  follow,
  joinPhrases,
  NAMES,
  OBJECTS,
  times,
} from './words';

/** A question and the plan of its answer; values may still be out of range. */
export interface Story {
  readonly question: string;
  readonly plan: readonly PlannedStep[];
}

/** `Tom has 8 pens, loses 3 and doubles them. How many now?` */
function changes(draw: Draw): Story {
  const plan = new Plan();
  const start = draw.int(2, 30);
  const happenings = times(draw.int(2, 3), () => drawHappening(draw));
  follow(plan, start, happenings);
  const has = `has ${start} ${draw.pick(OBJECTS)}`;
  const text = joinPhrases([has, ...happenings.map((happening) => happening.text)]);
  return { question: `${draw.pick(NAMES)} ${text}. How many now?`, plan: plan.steps };
}

/** Draws boxes with the same number in each, as in `3 bags of 4`. */
function drawBoxes(draw: Draw, plan: Plan, object = ''): { text: string; total: Operand } {
  const [count, each] = [draw.int(2, 9), draw.int(2, 9)];
  const text = `${count} ${draw.pick(BOXES)} of ${each}${object === '' ? '' : ` ${object}`}`;
  return { text, total: plan.add(count, '*', each) };
}

/** `Ann has 3 bags of 4 nuts and finds 5 more. How many now?` */
function boxes(draw: Draw): Story {
  const plan = new Plan();
  const start = drawBoxes(draw, plan, draw.pick(OBJECTS));
  const happenings = times(draw.int(1, 2), () => drawHappening(draw));
  follow(plan, start.total, happenings);
  const texts = [`has ${start.text}`, ...happenings.map((happening) => happening.text)];
  return { question: `${draw.pick(NAMES)} ${joinPhrases(texts)}. How many now?`, plan: plan.steps };
}

/** `Tom has 8 pens. Ann has 3 fewer and wins 4. How many in all?` */
function comparison(draw: Draw): Story {
  const plan = new Plan();
  const [name, other] = draw.pickTwo(NAMES);
  const start = draw.int(2, 30);
  const compared = drawComparison(draw);
  const later = times(draw.int(0, 1), () => drawChange(draw));
  plan.add(start, '+', follow(plan, start, [compared, ...later]));
  const texts = [`has ${compared.text}`, ...later.map((change) => change.text)];
  const first = `${name} has ${start} ${draw.pick(OBJECTS)}.`;
  const question = `${first} ${other} ${joinPhrases(texts)}. How many in all?`;
  return { question, plan: plan.steps };
}

/** `Tom has 3 bags of 4 pens, Ann has 5. How many more has Ann?` */
function groups(draw: Draw): Story {
  const plan = new Plan();
  const [name, other] = draw.pickTwo(NAMES);
  const first = drawBoxes(draw, plan, draw.pick(OBJECTS));
  const few = draw.int(2, 40);
  const second = draw.int(0, 1) === 0 ? drawBoxes(draw, plan) : { text: `${few}`, total: few };
  const { ask, left, operation, right } = draw.pick([
    { ask: 'in all', left: first, operation: '+', right: second },
    { ask: `more has ${name}`, left: first, operation: '-', right: second },
    { ask: `more has ${other}`, left: second, operation: '-', right: first },
  ] as const);
  plan.add(left.total, operation, right.total);
  const has = `${name} has ${first.text}, ${other} has ${second.text}`;
  return { question: `${has}. How many ${ask}?`, plan: plan.steps };
}

/** `Tom needs 30 pens, has 8 and buys 5 more. How many more?` */
function goal(draw: Draw): Story {
  const plan = new Plan();
  const [needed, few] = [draw.int(15, LARGEST), draw.int(2, 30)];
  const start = draw.int(0, 1) === 0 ? drawBoxes(draw, plan) : { text: `${few}`, total: few };
  const fewest = 1 - plan.steps.length;
  const later = times(draw.int(fewest, fewest + 1), () => drawChange(draw));
  plan.add(needed, '-', follow(plan, start.total, later));
  const texts = [
    `needs ${needed} ${draw.pick(OBJECTS)}`,
    `has ${start.text}`,
    ...later.map((change) => change.text),
  ];
  const question = `${draw.pick(NAMES)} ${joinPhrases(texts)}. How many more?`;
  return { question, plan: plan.steps };
}

/** `Tom has 50 coins, wins 5 and buys 3 pens at 7 each. How many are left?` */
function shop(draw: Draw): Story {
  const plan = new Plan();
  const [start, count, price] = [draw.int(10, LARGEST), draw.int(2, 9), draw.int(2, 9)];
  const before = times(draw.int(0, 1), () => drawChange(draw));
  const money = follow(plan, start, before);
  plan.add(money, '-', plan.add(count, '*', price));
  const texts = [
    `has ${start} coins`,
    ...before.map((change) => change.text),
    `buys ${count} ${draw.pick(OBJECTS)} at ${price} each`,
  ];
  const question = `${draw.pick(NAMES)} ${joinPhrases(texts)}. How many are left?`;
  return { question, plan: plan.steps };
}

/** The kinds of story, by name. */
export const STORIES = { changes, boxes, comparison, groups, goal, shop } as const;
export type StoryKind = keyof typeof STORIES;
