import { ArgumentError } from './errors';
import { kindOf } from './kind-of';
import { quote } from './quote';

/**
 * Checks an argument, `{ its name: its value }`, that must be a function.
 * @param choices the functions there are, such as `rsLora`
 * @throws ArgumentError, in the caller's name, for anything else, such as the name of a function
 */
export function assertFunction(
  caller: string,
  argument: Readonly<Record<string, unknown>>,
  choices: string,
  advice = '',
): void {
  for (const [name, value] of Object.entries(argument)) {
    if (typeof value === 'function') continue;
    const given = value instanceof Object ? kindOf(value) : quote(value);
    throw new ArgumentError(
      `${caller}: ${name} must be a function such as ${choices}, got ${given}.${advice && ` ${advice}`}`,
    );
  }
}
