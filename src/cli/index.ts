import { setUp, SetupError } from './setup';
import { start } from './start';

export { toLearner } from './learner-notebook';
export { suites, testFiles } from './test-suites';
export { readWings } from './wings';
export type { Wing } from './wings';
export type { Notebook } from './learner-notebook';

/** Gets the arguments behind its name, gives its exit code. */
type Command = (args: string[]) => Promise<number>;

/** Loaded when called for, so that `npm start` does not wait for the others' packages. */
const COMMANDS: Record<string, Command> = {
  start,
  setup: () => Promise.resolve(0),
  test: async () => (await import('./test')).test(),
  check: async () => (await import('./check')).check(),
  interop: async () => (await import('./test-interop')).interop(),
  lesson: async (args) => (await import('./run-notebooks')).lesson(args),
  pretrain: async (args) => (await import('./experiments')).pretrain(args),
  sweep: async (args) => (await import('./experiments')).sweep(args),
  bench: async (args) => (await import('./bench')).bench(args),
  agents: async (args) => (await import('./experiments')).agents(args),
  notebooks: async () => (await import('./notebooks')).notebooks(),
  doctor: async () => (await import('./doctor')).doctor(),
};

/**
 * Runs one command, the set-up that it needs before it, and sets the exit code of this process.
 * Errors made for the user become their message alone.
 */
export async function main(name: string, args: string[]): Promise<void> {
  try {
    process.exitCode = await runCommand(name, args);
  } catch (error) {
    console.error(await describe(error));
    process.exitCode = 1;
  }
}

async function runCommand(name: string, args: string[]): Promise<number> {
  const command = COMMANDS[name];
  if (!command) {
    const names = Object.keys(COMMANDS).join(', ');
    throw new SetupError(
      `The command must be one of ${names}, got ${name}.`,
      'See docs/commands.md.',
    );
  }
  // The doctor looks at what there is, whatever that is.
  if (name !== 'doctor') await setUp({ retry: name === 'setup' });
  return command(args);
}

async function describe(error: unknown): Promise<unknown> {
  if (error instanceof SetupError) return `${error.message}\n  Next: ${error.next}`;
  if (isUsageError(error)) return `${error.message} See docs/commands.md.`;
  const { LoraError } = await import('../tensor/errors');
  return error instanceof LoraError ? `${error.name}: ${error.message}` : error;
}

/** Of `parseArgs`: an option that there is not, or one without its value. */
function isUsageError(error: unknown): error is Error {
  return error instanceof Error && String(Reflect.get(error, 'code')).startsWith('ERR_PARSE_ARGS');
}
