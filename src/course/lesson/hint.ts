import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../files/local';
import { display } from '../../jupyter';
import { card, code, details, paragraph } from '../card';
import { type ExerciseId, findExercise, notebookOf, NOTEBOOKS } from '../exercises';

/**
 * Shows the first hint of an exercise. The others are folded below it, each to be opened by a click,
 * so that running the cell again gives none away; as plain text they are all shown.
 * @throws ArgumentError if there is no such exercise
 */
export function hint(id: ExerciseId): void {
  const { title, hints } = findExercise('hint', id);
  const [first = '', ...others] = hints;
  const folded = others.map((text, i) =>
    details(`Hint ${i + 2} of ${hints.length}`, paragraph(text)),
  );
  const end = paragraph(`solution('${id}') shows an answer.`);
  const mark = { symbol: '➜', word: `hint 1 of ${hints.length}`, colour: 'info' } as const;
  display(card(mark, title, [paragraph(first), ...folded, end]), { id: `hint-${id}` });
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

/** Reads the solution as a cell would have it: without the imports. */
export function solutionText(id: ExerciseId): string {
  const { room } = NOTEBOOKS[notebookOf(id)];
  const file = path.join(projectRoot, 'src/course', room, `${id}.solution.ts`);
  const text = readFileSync(file, 'utf8');
  return text
    .replace(/^import [^;]*;\n/gm, '')
    .replace(/^export /gm, '')
    .trim();
}
