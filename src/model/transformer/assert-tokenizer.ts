import type { Tokenizer } from '@huggingface/tokenizers';
import { ArgumentError, kindOf } from '../../tensor/errors';

/** @throws ArgumentError, in the caller's name, if the tokenizer is none, as without `await` */
export function assertTokenizer(caller: string, tokenizer: Tokenizer): void {
  const given: unknown = tokenizer;
  if (typeof (given as Partial<Tokenizer> | undefined)?.encode === 'function') return;
  const advice = given instanceof Promise ? 'Await it.' : 'loadTokenizer gives one.';
  throw new ArgumentError(
    `${caller}: tokenizer must be a Tokenizer, got ${kindOf(given)}. ${advice}`,
  );
}
