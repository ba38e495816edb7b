import { type Example } from '../src/train/data';
import { IGNORED } from '../src/train/loop';

/** A prompt, as token ids, and the completion that is to be learned. */
export interface PromptCase {
  prompt: number[];
  completion: number[];
}

export function exampleOf({ prompt, completion }: PromptCase): Example {
  return {
    ids: [...prompt, ...completion],
    labels: [...prompt.map(() => IGNORED), ...completion],
  };
}
