import { randomInt } from 'node:crypto';
import { definitionOf, describeError } from '../../jupyter';
import { display } from '../../jupyter';
import { LoraError } from '../../tensor/errors';
import { isStrict, useAccelerator } from '../../tensor/runtime';
import { card, paragraph } from '../card';
import { type ExerciseId, findExercise, SOLUTIONS } from '../exercises';
import { type Exercise, judge, todo, type Verdict } from '../judge';
import { describeProgress, readProgress, recordPass } from './progress';
import { showVerdict } from './show-verdict';

/** Strict mode: a check was not passed. */
export class CheckFailed extends LoraError {
  override readonly name = 'CheckFailed';
}

const SECONDS = 20;

/**
 * Checks the learner's answer to an exercise on fresh inputs and shows what came of it, also in
 * place of what an earlier check of it showed.
 * @throws CheckFailed in strict mode (`LESSON_STRICT=1`), if the answer does not pass; else never
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
 * Judges what stands behind the learner's names now.
 * @throws AcceleratorError
 */
export async function judgeAnswer(id: ExerciseId): Promise<Verdict> {
  const solution: Record<string, unknown> = SOLUTIONS[id];
  await useAccelerator();
  const valueOf = (name: string): unknown => {
    const { value } = definitionOf(name);
    // `answerOr` may have put the reference answer under the learner's name.
    return value === solution[name] ? todo : value;
  };
  const seed = randomInt(2 ** 31);
  const exercise = findExercise('check', id);
  const verdict = await judge(exercise, valueOf, { seed, seconds: SECONDS });
  return verdict.state === 'passed' ? (staleVerdict(exercise) ?? verdict) : verdict;
}

/** An older answer must not pass for the one that the learner sees, which has failed to run. */
function staleVerdict({ parts }: Exercise): Verdict | undefined {
  for (const { name } of parts) {
    const { failed, origin } = definitionOf(name);
    if (!failed) continue;
    const message = `${name}: your newest one, in ${failed.cell}, is not in use: its cell failed. The one before, from ${origin?.cell}, is right.`;
    return { state: 'failed', part: name, message, findings: [] };
  }
  return undefined;
}

/** A file that cannot be written must not cost the learner the verdict. */
async function progressAfter(id: ExerciseId, { state }: Verdict): Promise<string> {
  try {
    if (state === 'passed') await recordPass(id);
    return describeProgress(readProgress());
  } catch (error) {
    return `Your progress could not be kept: ${(error as Error).message}`;
  }
}
