import { randomInt } from 'node:crypto';
import { definitionOf, describeError } from '../../jupyter';
import { display } from '../../jupyter';
import { LoraError } from '../../tensor/errors';
import { isStrict, useAccelerator } from '../../tensor/runtime';
import { card, paragraph } from '../card';
import { type ExerciseId, findExercise, notebookOf, SOLUTIONS } from '../exercises';
import { judge, todo, type Verdict } from '../judge';
import { explainFailedCell } from './failed-cell';
import { describeProgress, readProgress, recordPass } from './progress';
import { showVerdict } from './show-verdict';

/** Thrown in strict mode when a check does not pass. */
export class CheckFailed extends LoraError {
  override readonly name = 'CheckFailed';
}

const SECONDS = 20;

/**
 * Checks the learner's answer to an exercise on fresh inputs and shows the verdict, which also
 * replaces the one an earlier check showed.
 * @throws CheckFailed in strict mode (`LESSON_STRICT=1`) only, if the answer does not pass
 */
export async function check(id: ExerciseId): Promise<void> {
  try {
    const exercise = findExercise('check', id);
    const verdict = await judgeAnswer(id);
    const progress = await progressAfter(id, verdict);
    const bundle = showVerdict(exercise, verdict, { definitionOf, describeError, progress });
    display(bundle, { id: `check-${id}` });
    if (verdict.state !== 'passed' && isStrict()) {
      throw new CheckFailed(
        `check: ${id} must be passed, got ${verdict.state}. ${verdict.message}`,
      );
    }
  } catch (error) {
    if (isStrict()) throw error;
    const mark = { symbol: '?', word: 'no verdict', colour: 'warn' } as const;
    const message = error instanceof Error ? error.message : String(error);
    display(card(mark, 'the check itself could not run', [paragraph(message)]));
  }
}

/**
 * Judges the learner's functions as they are defined now.
 * @throws AcceleratorError
 */
export async function judgeAnswer(id: ExerciseId): Promise<Verdict> {
  const exercise = findExercise('check', id);
  const failed = explainFailedCell(exercise, definitionOf);
  if (failed) return failed;
  const solution: Record<string, unknown> = SOLUTIONS[id];
  await useAccelerator();
  const valueOf = (name: string): unknown => {
    const { value } = definitionOf(name);
    // `answerOr` may have bound the learner's name to the reference answer.
    return value === solution[name] ? todo : value;
  };
  const seed = randomInt(2 ** 31);
  return judge(exercise, valueOf, { seed, seconds: SECONDS });
}

/** Records a pass; the verdict is shown even if the file cannot be written. */
async function progressAfter(id: ExerciseId, { state }: Verdict): Promise<string> {
  try {
    if (state === 'passed') await recordPass(id);
    return describeProgress(readProgress(), notebookOf(id));
  } catch (error) {
    return `Your progress could not be saved: ${(error as Error).message}`;
  }
}
