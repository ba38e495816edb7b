import { display } from '../../jupyter';
import { ArgumentError, quote } from '../../tensor/errors';
import { card, paragraph } from '../card';
import { type NotebookId, NOTEBOOKS } from '../exercises';
import { describeProgress, readProgress } from './progress';

/**
 * Shows which exercises of a notebook are done. Progress is saved in the notebook's folder across
 * restarts.
 * @throws ArgumentError if the notebook has no exercises
 */
export function progress(notebook: NotebookId = '05'): void {
  if (!Object.hasOwn(NOTEBOOKS, notebook)) {
    const known = Object.keys(NOTEBOOKS).join(', ');
    throw new ArgumentError(`progress: notebook must be one of ${known}, got ${quote(notebook)}.`);
  }
  const now = readProgress();
  const lines = Object.entries(NOTEBOOKS[notebook].exercises).map(([id, { title }]) =>
    paragraph(`${now.passed.includes(id) ? '✓ done' : '○ open'} · ${title}`),
  );
  const mark = { symbol: '➜', word: 'progress', colour: 'info' } as const;
  const [count = ''] = describeProgress(now, notebook).split(':');
  display(card(mark, count, lines), { id: `progress-${notebook}` });
}
