import * as tf from '@tensorflow/tfjs';
import { memory } from '../../tensor/runtime';
import type { Answer } from './exercise';
import { NotAttempted } from './todo';
import { isTensor } from './values';

/** The learner's function threw. */
export class AnswerThrew extends Error {
  override readonly name = 'AnswerThrew';

  constructor(
    readonly input: string,
    /** what it threw */
    readonly thrown: unknown,
  ) {
    super(thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown));
  }
}

/** The result of a call and the tensors it left in memory. */
export interface Called {
  value: unknown;
  /** number of tensors alive after the call that were not before, those in `value` included */
  newTensors: number;
  /** whether the call made this tensor; others are the caller's or the notebook's */
  isNew: (tensor: tf.Tensor) => boolean;
}

/**
 * Calls the learner's function, and waits for it if it is asynchronous.
 * @throws AnswerThrew whatever it throws; NotAttempted if that comes from `todo()`
 */
export async function callAnswer(answer: Answer, args: unknown[], input: string): Promise<Called> {
  const mark = tf.scalar(0); // the ids of tensors rise
  mark.dispose();
  const before = memory().tensors;
  try {
    const value = await answer(...args);
    return { value, newTensors: memory().tensors - before, isNew: ({ id }) => id > mark.id };
  } catch (thrown) {
    // Compared by name: reloading the built code creates a new class.
    if (thrown instanceof Error && thrown.name === NotAttempted.name) throw thrown;
    throw new AnswerThrew(input, thrown);
  }
}

/** Lists the tensors in a returned value: the value itself, or its properties. */
export function tensorsIn(value: unknown): tf.Tensor[] {
  if (isTensor(value)) return [value];
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  return Object.values(value).filter(isTensor);
}
