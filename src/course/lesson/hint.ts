import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../files/local';
import { display } from '../../jupyter';
import { card, code, paragraph } from '../card';
import { type ExerciseId, findExercise } from '../exercises';

const given = new Map<string, number>();

/**
 * Shows the hints of an exercise, one more with each call.
 * @throws ArgumentError if there is no such exercise
 */
export function hint(id: ExerciseId): void {
  const { title, hints } = findExercise('hint', id);
  const count = Math.min((given.get(id) ?? 0) + 1, hints.length);
  given.set(id, count);
  const blocks = hints.slice(0, count).map((text, i) => paragraph(`${i + 1}. ${text}`));
  const next =
    count < hints.length
      ? `Run hint('${id}') again for the next hint.`
      : `That was the last hint. solution('${id}') shows an answer.`;
  const mark = { symbol: '➜', word: `hint ${count} of ${hints.length}`, colour: 'info' } as const;
  display(card(mark, title, [...blocks, paragraph(next)]), { id: `hint-${id}` });
}

/**
 * Shows an answer to an exercise.
 * @throws ArgumentError if there is no such exercise
 */
export function solution(id: ExerciseId): void {
  const { title } = findExercise('solution', id);
  const mark = { symbol: '➜', word: 'solution', colour: 'info' } as const;
  display(card(mark, title, [code(solutionText(id))]), { id: `solution-${id}` });
}

const SOURCES = path.join(projectRoot, 'src/course/exercises');

/** Reads the solution as a cell would have it: without the imports. */
export function solutionText(id: ExerciseId): string {
  const text = readFileSync(path.join(SOURCES, `${id}.solution.ts`), 'utf8');
  return text
    .replace(/^import [^;]*;\n/gm, '')
    .replace(/^export /gm, '')
    .trim();
}
