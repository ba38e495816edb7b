import { IGNORED } from '../../train';
import type { Turn } from './turn';

/** A label for each token of a chat: its id in what the assistant says and its end, else IGNORED. */
export function labelsOf(turns: Turn[]): number[] {
  return turns.flatMap(({ role, header, content, end }) => {
    const said = [...content, ...end];
    const ignored = (ids: number[]) => ids.map(() => IGNORED);
    return [...ignored(header), ...(role === 'assistant' ? said : ignored(said))];
  });
}
