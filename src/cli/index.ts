import { setUp, SetupError } from './setup';
import { start } from './start';

export { hasExercises, toLearner } from './learner-notebook';
export type { Notebook } from './learner-notebook';
export { runNotebooks } from './run-notebooks';

/** Runs with the arguments after its name. @returns the exit code */
type Command = (args: string[]) => Promise<number>;

/** Commands by name, imported when they run: `npm start` does not load the packages of the others. */
const COMMANDS: Record<string, Command> = {
  start,
  setup: () => Promise.resolve(0),
  test: async () => (await import('./testing')).test(),
  lint: async () => (await import('./testing')).lint(),
  check: async () => (await import('./testing')).check(),
  interop: async () => (await import('./testing')).interop(),
  llama: async () => (await import('./testing')).llama(),
  lesson: async (args) => (await import('./run-notebooks')).lesson(args),
  finetune: async (args) => (await import('./finetune')).finetune(args),
  chat: async (args) => (await import('./finetune')).chat(args),
  pretrain: async (args) => (await import('./experiments')).pretrain(args),
  home: async (args) => (await import('./experiments')).home(args),
  sweep: async (args) => (await import('./experiments')).sweep(args),
  bench: async (args) => (await import('./bench')).bench(args),
  agents: async (args) => (await import('./experiments')).agents(args),
  notebooks: async () => (await import('./notebooks')).notebooks(),
  soak: async (args) => (await import('./soak')).soak(args),
  doctor: async () => (await import('./doctor')).doctor(),
};

/**
 * Sets up what is missing, runs one command and sets the exit code of this process. An error made
 * for the user is printed as one line, without its stack.
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
  // The doctor reports what is missing, so it must not set it up.
  if (name !== 'doctor') await setUp({ retry: name === 'setup' });
  return command(args);
}

/** SetupError is no LoraError (see there), and parseArgs throws errors of Node. */
async function describe(error: unknown): Promise<unknown> {
  if (error instanceof SetupError) return `${error.message}\n  Next: ${error.next}`;
  if (isUsageError(error)) return `${error.message} See docs/commands.md.`;
  const { LoraError } = await import('../tensor/errors');
  return error instanceof LoraError ? `${error.name}: ${error.message}` : error;
}

/** Whether `parseArgs` threw it: an unknown option, or one without its value. */
function isUsageError(error: unknown): error is Error {
  return error instanceof Error && String(Reflect.get(error, 'code')).startsWith('ERR_PARSE_ARGS');
}
