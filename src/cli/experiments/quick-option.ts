import { parseArgs } from 'node:util';

/** What stands behind a command that can be `--quick`. */
export interface QuickArgs {
  /** what to do; undefined where nothing is named */
  what: string | undefined;
  quick: boolean;
  /** for the rows: what the user typed */
  command: string;
}

/** Reads `[what] [--quick]`. @throws what `parseArgs` throws, of an option that there is not */
export function parseQuickOption(name: string, args: string[]): QuickArgs {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false } },
  });
  const command = [`npm run ${name}`, ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  return { what: positionals[0], quick: values.quick, command };
}
