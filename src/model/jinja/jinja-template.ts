import { Environment, Interpreter, parse, type Template, tokenize } from '@huggingface/jinja';
import { asInPython } from './as-in-python';
import { PYTHON_FUNCTIONS } from './python-functions';
import type { RuntimeValue } from './runtime-value';
import { strftime } from './strftime';

const GLOBALS = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range,
  raise_exception: (message: string): never => {
    throw new Error(message);
  },
  strftime_now: (format: string): string => strftime(new Date(), format),
};

/**
 * A template in Jinja. It renders the same text as in Python, with the settings and functions that
 * transformers has for chat templates.
 */
export class JinjaTemplate {
  private readonly program: Template['parsed'];

  /** @throws Error if the text is no Jinja that can be read */
  constructor(text: string) {
    const lines = text.replace(/\r\n?/g, '\n');
    const settings = { trim_blocks: true, lstrip_blocks: true };
    this.program = asInPython(parse(tokenize(lines, settings)));
  }

  /** @throws Error if the template raises one, or does what can't be done */
  render(variables: Readonly<Record<string, unknown>>): string {
    const environment = new Environment();
    for (const [name, value] of Object.entries({ ...GLOBALS, ...variables })) {
      environment.set(name, value);
    }
    addPythonFunctions(environment);
    addLoopFunction(environment);
    return new Interpreter(environment).run(this.program).toString();
  }
}

/** Adds them as the runtime's own: they get its values, with their types, in place of plain ones. */
function addPythonFunctions(environment: Environment): void {
  for (const [name, compute] of Object.entries(PYTHON_FUNCTIONS)) {
    const added: RuntimeValue = environment.set(name, (plain: unknown) => plain);
    const wrap = added.value as (args: { value: unknown }[]) => RuntimeValue;
    added.value = (args: RuntimeValue[]) => {
      const result = compute(...args);
      return typeof result === 'object' ? result : wrap([{ value: result }]);
    };
  }
}

/** Adds what begins each turn of a loop: it forgets all variables of the loop but these. */
function addLoopFunction(environment: Environment): void {
  const loop: RuntimeValue = environment.set('for', () => '');
  const empty = loop.value as (args: []) => RuntimeValue;
  loop.value = (kept: { value: string }[], { variables }: Environment) => {
    const names = new Set(['loop', ...kept.map(({ value }) => value)]);
    for (const name of variables.keys()) if (!names.has(name)) variables.delete(name);
    return empty([]);
  };
}

/** Python's range. */
function range(first: number, end?: number, step = 1): number[] {
  const [start, stop] = end === undefined ? [0, first] : [first, end];
  if (step === 0) throw new Error('range() arg 3 must not be zero');
  const length = Math.max(0, Math.ceil((stop - start) / step));
  return Array.from({ length }, (_, i) => start + i * step);
}
