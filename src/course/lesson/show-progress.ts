import { display } from '../../jupyter';
import { card, paragraph } from '../card';
import { type ExerciseId, EXERCISES } from '../exercises';
import { describeProgress, readProgress } from './progress';

/** Shows which exercises are done. Progress is saved in the notebook's folder across restarts. */
export function progress(): void {
  const now = readProgress();
  const ids = Object.keys(EXERCISES) as ExerciseId[];
  const lines = ids.map((id) => {
    const done = now.passed.includes(id);
    return paragraph(`${done ? '✓ done' : '○ open'} · ${EXERCISES[id].title}`);
  });
  const mark = { symbol: '➜', word: 'progress', colour: 'info' } as const;
  const [count = ''] = describeProgress(now).split(':');
  display(card(mark, count, lines), { id: 'progress' });
}
