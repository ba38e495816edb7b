/** Errors that an answer throws, each in words: backends of tfjs word them differently. */
const WORDS: [error: RegExp, words: string][] = [
  [
    /In\[0\]: \[([\d,]+)\], In\[1\]: \[([\d,]+)\]/, // TensorFlow
    'a matrix product of [$1] and [$2] does not fit: the inner axes must be equal',
  ],
  [
    /inner shapes .* with shapes ([\d,]+) and ([\d,]+) /, // the other backends
    'a matrix product of [$1] and [$2] does not fit: the inner axes must be equal',
  ],
  [
    /Incompatible shapes: \[([\d,]+)\] vs\. \[([\d,]+)\]/,
    '[$1] and [$2] do not fit entry by entry, as add, sub, mul and div need it',
  ],
  [
    /broadcast together with shapes ([\d,]+) and ([\d,]+)/,
    '[$1] and [$2] do not fit entry by entry, as add, sub, mul and div need it',
  ],
  [
    /Argument '\w+' passed to '(?:matMul|dot)' must be a Tensor.* got 'null'/,
    'an argument of matMul is undefined. (Tensors have no .T: use a.transpose(), or tf.matMul(a, b, false, true).)',
  ],
  [
    /\.(size|shape) is not a function/,
    '$1 is no function: a.shape[0] is the size of the first axis',
  ],
  [
    /Expected begin\[0\] in \[0, (\d+)\], but got (\d+)/,
    'a slice begins at $2, behind the end: there are $1',
  ],
  [
    /requires a multiple of (\d+)/,
    'reshape cuts into equal parts only, here of $1: the last block may be shorter',
  ],
  [
    /OffscreenCanvas is not defined/, // WebGPU, where only data() can be read
    'a tensor was read as if it were a number or a text: tensors have no operators, write a.mul(s), and await a.data() for its numbers',
  ],
  [
    /Reduce of empty array/,
    'reduce on an empty list needs a start value: list.reduce((sum, one) => ..., 0)',
  ],
];

/** Says in words what an error means; undefined if it is none of those that are known. */
export function wordsFor(error: string): string | undefined {
  for (const [pattern, words] of WORDS) {
    const found = pattern.exec(error)?.[0];
    if (found !== undefined) return found.replace(pattern, words).replace(/(?<=\d),(?=\d)/g, ', ');
  }
  return undefined;
}
