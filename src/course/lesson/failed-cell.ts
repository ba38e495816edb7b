import type { Definition } from '../../jupyter';
import type { Exercise, Verdict } from '../judge';

/** What is wrong in a cell, by the error that it ends with. The first that fits is told. */
const CAUSES: [error: RegExp, cause: string][] = [
  [/((?:Tensors have (?:no|sizes)|Two slashes begin) .*)/, '$1'], // the kernel's advice
  [/'([)\]}])' expected/, 'A bracket is not closed: "$1" is missing.'],
  [
    /Type 'Tensor<Rank>' is not assignable to type '(?:tf\.)?(Tensor\w+|Scalar)'/,
    'The compiler has lost the number of axes: write `as tf.$1` behind the result.',
  ],
  [
    /must return a value|Type '(?:void|undefined)' is not assignable/,
    'A `return` is missing; after `=> {` too. (forEach returns nothing: use map.)',
  ],
  [
    /Type 'string' is not assignable to type 'number'/,
    'A text stands where a number is needed. (`for (const i in list)` gives indexes as text: use list.map((one, i) => ...).)',
  ],
  [
    /Promise</,
    'A Promise stands where its value is needed: data(), array() and async functions give one. Return the tensor itself, or use `await`.',
  ],
  [
    /Cannot find name(?:space)? '(.+?)'/,
    '$1 is not known: define it in your function, from the arguments, or check the spelling. (If it comes from the set-up cell at the top, run that first.)',
  ],
];

/**
 * Explains that the newest version of an answer is not in use, since its cell failed. The older
 * one, which the learner no longer sees, is not judged then.
 */
export function explainFailedCell(
  { parts }: Exercise,
  definitionOf: (name: string) => Definition,
): Verdict | undefined {
  const stale = parts.flatMap(({ name }) => {
    const { failed, value } = definitionOf(name);
    return failed ? [{ name, failed, value }] : [];
  });
  const [first] = stale;
  if (first === undefined) return undefined;
  const { cell, message: error } = first.failed;
  const names = stale.filter(({ failed }) => failed.cell === cell).map(({ name }) => name);
  const how = /^\d+:\d+ - /.test(error) ? 'did not compile' : 'ended with an error';
  const message = [
    `The cell ${cell} ${how}, so your newest ${names.join(' and ')} cannot be checked.`,
    causeOf(error),
    'Mend that cell and run it, then this one.',
  ];
  return {
    state: first.value === undefined ? 'not defined' : 'failed',
    part: first.name,
    message: message.join(' '),
    findings: [],
  };
}

function causeOf(error: string): string {
  for (const [pattern, cause] of CAUSES) {
    const found = pattern.exec(error)?.[0];
    if (found !== undefined) return found.replace(pattern, cause);
  }
  return 'Its error is below.';
}
