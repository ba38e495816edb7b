import { testExercise } from '../../../tests/course/test-exercise';
import { IGNORED } from '../../train';
import { labels } from './labels';
import * as solution from './labels.solution';
import type { Turn } from './turn';

const ignored = (ids: number[]) => ids.map(() => IGNORED);
const isAnswer = ({ role }: Turn) => role === 'assistant';
/** Answers turn by turn. */
const byTurn = (of: (turn: Turn, index: number, turns: Turn[]) => unknown[]) => ({
  labelsOf: (turns: Turn[]) => turns.flatMap((turn, index) => of(turn, index, turns)),
});
/** Learns content and end of some turns. */
const learns = (which: (turn: Turn, index: number, turns: Turn[]) => boolean) =>
  byTurn((turn, ...more) => {
    const said = [...turn.content, ...turn.end];
    return [...ignored(turn.header), ...(which(turn, ...more) ? said : ignored(said))];
  });
/** Learns whole turns, their headers too. */
const learnsAll = (which: (turn: Turn) => boolean) =>
  byTurn((turn) => {
    const ids = [...turn.header, ...turn.content, ...turn.end];
    return which(turn) ? ids : ignored(ids);
  });
/** Answers with other labels, made of the right ones. */
const changed = (of: (right: number[]) => unknown) => ({
  labelsOf: (turns: Turn[]) => of(solution.labelsOf(turns)),
});
const only = (turn: Turn, ids: number[]) => (isAnswer(turn) ? ids : ignored(ids));

testExercise(labels, solution, {
  'only the last answer is learned': learns(
    (turn, index, turns) => isAnswer(turn) && index === turns.map(isAnswer).lastIndexOf(true),
  ),
  'only the first answer is learned': learns(
    (turn, index, turns) => isAnswer(turn) && index === turns.findIndex(isAnswer),
  ),
  'the header is learned too: the runtime writes it': learnsAll(isAnswer),
  'the end is left out: the model': byTurn((turn) => [
    ...ignored(turn.header),
    ...only(turn, turn.content),
    ...ignored(turn.end),
  ]),
  'the end is left out, and the header is learned': byTurn((turn) => [
    ...only(turn, [...turn.header, ...turn.content]),
    ...ignored(turn.end),
  ]),
  'only the end is learned': byTurn((turn) => [
    ...ignored([...turn.header, ...turn.content]),
    ...only(turn, turn.end),
  ]),
  'the end of every turn is learned': byTurn((turn) => [
    ...ignored(turn.header),
    ...only(turn, turn.content),
    ...turn.end,
  ]),
  "the user's turns are learned too": learns(({ role }) => role !== 'system' && role !== 'tool'),
  "the user's turns are learned too: the model would": learnsAll(
    ({ role }) => role === 'user' || role === 'assistant',
  ),
  'the system turn is learned too': learns(({ role }) => role !== 'user' && role !== 'tool'),
  'everything is learned': learnsAll(() => true),
  'everything is learned: only': learns(() => true),
  'upside down: the assistant is ignored': learns((turn) => !isAnswer(turn)),
  'upside down: the assistant is ignored, and': learnsAll((turn) => !isAnswer(turn)),
  "the user's turns are learned in place": learns(({ role }) => role === 'user'),
  'nothing is learned': learns(({ role }) => role === 'Assistant'),
  'shifted by one': changed((right) => [...right.slice(1), IGNORED]),
  'shifted by one: a label stands at its own token': changed((right) => [
    IGNORED,
    ...right.slice(0, -1),
  ]),
  'the library shifts': changed((right) => right.slice(1)),
  'flags in place of labels': changed((right) => right.map((id) => (id === IGNORED ? 0 : 1))),
  'flags in place of labels: a label is': changed((right) =>
    right.map((id) => (id === IGNORED ? 1 : 0)),
  ),
  'entry 0 of the list is a boolean': changed((right) => right.map((id) => id !== IGNORED)),
  '0 where nothing is learned': changed((right) => right.map((id) => Math.max(id, 0))),
  "-100 is PyTorch's value": changed((right) => right.map((id) => (id === IGNORED ? -100 : id))),
  'the headers are missing in the list': byTurn((turn) =>
    only(turn, [...turn.content, ...turn.end]),
  ),
  'the ends are missing in the list': byTurn((turn) => [
    ...ignored(turn.header),
    ...only(turn, turn.content),
  ]),
  'headers and ends are missing in the list': byTurn((turn) => only(turn, turn.content)),
  'only what is learned is in the list': changed((right) => right.filter((id) => id !== IGNORED)),
  'entry 0 of the list is an array': {
    labelsOf: (turns) => turns.map((turn) => solution.labelsOf([turn])),
  },
});
