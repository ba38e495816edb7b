import { definitionOf } from '../../jupyter';
import { display } from '../../jupyter';
import { card, paragraph } from '../card';
import { type ExerciseId, findExercise, type Solutions, SOLUTIONS } from '../exercises';
import type { State } from '../judge';
import { judgeAnswer } from './check';

/** What is said of an answer that did not pass. */
const WORDS: Record<Exclude<State, 'passed'>, string> = {
  failed: 'did not pass the check',
  'not attempted': 'is not written yet',
  'not defined': 'is not defined',
  threw: 'threw an error',
  'timed out': 'did not finish in time',
};

/**
 * Returns the functions of an exercise for later cells: the learner's own if they pass the check,
 * otherwise the reference answer with a note that says so.
 * @throws ArgumentError if there is no such exercise, AcceleratorError
 */
export async function answerOr<Id extends ExerciseId>(id: Id): Promise<Solutions[Id]> {
  const { title, parts } = findExercise('answerOr', id);
  const { state } = await judgeAnswer(id);
  if (state === 'passed') {
    const own = parts.map(({ name }) => [name, definitionOf(name).value]);
    return Object.fromEntries(own) as Solutions[Id];
  }
  const mark = { symbol: '➜', word: 'reference answer', colour: 'info' } as const;
  const note = `This cell uses the reference answer: yours ${WORDS[state]}. Run check('${id}') to see why.`;
  display(card(mark, title, [paragraph(note)]));
  return SOLUTIONS[id];
}
