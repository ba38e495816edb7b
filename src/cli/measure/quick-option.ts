import { parseArgs } from 'node:util';

/** Arguments of a command that has the option `--quick`. */
export interface QuickArgs {
  /** the first argument; undefined if there is none */
  what: string | undefined;
  quick: boolean;
  /** for the rows: the command as the user typed it */
  command: string;
}

/** Reads `[what] [--quick]`. @throws the error of `parseArgs` for an unknown option */
export function parseQuickOption(name: string, args: string[]): QuickArgs {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false } },
  });
  const command = [`npm run ${name}`, ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  return { what: positionals[0], quick: values.quick, command };
}
